"""Fitted codecs round their latents, and say what that costs; the verbs keep to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # settings of several types

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.blocks.block import Block, records_to_block
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.config.job import DecodeJob, EncodeJob, FitJob
from ae_pipeline.config.network import LatentConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.verbs import decode, encode, fit, inspect
from tests.support.codec.training import bent_rows, write_groups

pytestmark = pytest.mark.slow
TRAINING = {"epochs": 20, "batch_size": 64, "learning_rate": 0.01}
FORMS: dict[str, dict[str, Any]] = {
    "float32": {},
    "float16": {"type": "float16"},
    "int8": {"type": "int8"},
    "exact": {"rounding": "exact"},
    "bits": {"bits": 4.0},
    "step": {"step": 0.1},
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of rows that two numbers describe, but for noise."""
    path = tmp_path_factory.mktemp("source") / "rows.parquet"
    rows, generator = bent_rows(4000), np.random.default_rng(1)
    write_groups(path, rows + 0.2 * rows.std(axis=0) * generator.normal(size=rows.shape))
    return path


@pytest.fixture(scope="module")
def codecs(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Codecs that differ in the form of their latents alone."""
    folder = tmp_path_factory.mktemp("codecs")
    for name, latent in FORMS.items():
        network = {"latent_dim": 2, "encoder_hidden": (8,)}
        fit(
            FitJob(
                source=str(source),
                codec=str(folder / name),
                network=network,
                training=TRAINING,
                latent=LatentConfig(**latent),
            )
        )
    return {name: folder / name for name in FORMS}


def block_of(source: Path, codec: FeaturesCodec) -> Block:
    """All rows of the source."""
    table = pq.read_table(source, columns=list(codec.schema.features)).combine_chunks()
    return records_to_block(table.to_batches()[0], codec.schema.features)


def mse_of(source: Path, codec: FeaturesCodec) -> float:
    """Mean squared error of all rows, in standardised units."""
    block = block_of(source, codec)
    decoded = codec.decode(codec.encode(block), None)
    scale = codec.standardization.scale[:, None]
    return float(np.mean(((decoded.values - block.values) / scale) ** 2))


def test_error_grows_by_little(source: Path, codecs: dict[str, Path]) -> None:
    """Over all rows rounding adds at most about 1 % to the error, and takes few values."""
    exact, rounded = (load_features_codec(codecs[name]) for name in ("exact", "float32"))
    assert exact.rounding.is_exact
    assert mse_of(source, rounded) < 1.02 * mse_of(source, exact)
    few, many = (np.unique(one.encode(block_of(source, one))) for one in (rounded, exact))
    assert 8 * len(few) < len(many)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_the_record_is_what_is_measured(source: Path, codecs: dict[str, Path], name: str) -> None:
    """The provenance of every codec says the error of exact latents, its growth, and the bits."""
    exact, codec = load_features_codec(codecs["exact"]), load_features_codec(codecs[name])
    record = codec.provenance.latents
    assert record is not None
    assert codec.weights.keys() == exact.weights.keys()
    assert record.mse == pytest.approx(mse_of(source, exact), rel=0.05)
    assert record.mse * (1 + record.mse_growth) == pytest.approx(mse_of(source, codec), rel=0.05)
    assert 0 < record.bits < 17


def test_settings_are_followed(codecs: dict[str, Path]) -> None:
    """Steps, bits and types are those that the job asks for."""
    found = {name: load_features_codec(path) for name, path in codecs.items()}
    assert found["step"].rounding.steps == (0.0625, 0.0625)
    assert found["float16"].rounding.kind == "float16"
    assert found["int8"].rounding.kind == "int8"
    assert 3 < found["bits"].provenance.latents.bits <= 4
    assert len({codec.id for codec in found.values()}) == len(FORMS)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_datasets_decode_to_what_the_codec_says(
    source: Path, codecs: dict[str, Path], name: str, tmp_path: Path
) -> None:
    """What the verbs write and read is what the codec encodes and decodes, bit by bit."""
    features, decoded = tmp_path / "features", tmp_path / "decoded"
    job = {"source": str(source), "codec": str(codecs[name]), "features": str(features)}
    assert not encode(EncodeJob.model_validate(job)).failures
    assert not decode(DecodeJob(features=str(features), decoded=str(decoded))).failures
    codec = load_features_codec(codecs[name])
    written = pq.read_table(features / "rows.parquet")["latent"]
    kinds = {"float16": pa.float16(), "int8": pa.int8()}
    assert written.type.value_type == kinds.get(name, pa.float32())
    wanted = codec.decode(codec.encode(block_of(source, codec)), None).values
    found = pq.read_table(decoded / "rows.parquet", columns=list(codec.schema.features))
    for column, values in zip(codec.schema.features, wanted, strict=True):
        kind = found[column].type.to_pandas_dtype()
        np.testing.assert_array_equal(found[column].to_numpy(), values.astype(kind))


def test_inspect_tells_bits_and_error(
    source: Path, codecs: dict[str, Path], tmp_path: Path
) -> None:
    """Codec and dataset say the type, the bits and the error; the bytes say what they take."""
    job = {"source": str(source), "codec": str(codecs["float32"]), "features": str(tmp_path / "f")}
    encode(EncodeJob.model_validate(job))
    facts = inspect(str(tmp_path / "f")).facts
    assert facts["latents"] == "float32"
    assert 0 < facts["bits per latent"] < facts["stored bits per latent"] + 2
    assert facts["MSE added by rounding"].endswith(" %")
    assert facts["standardised MSE, exact latents"] > 0
    assert inspect(str(codecs["exact"])).facts["rounding"] == "none"


def test_another_type_than_the_codec_has_is_refused(
    source: Path, codecs: dict[str, Path], tmp_path: Path
) -> None:
    """A codec that was fitted for one type does not write another."""
    job = EncodeJob(
        source=str(source),
        codec=str(codecs["float32"]),
        features=str(tmp_path / "features"),
        latent={"type": "int8"},
    )
    with pytest.raises(ConfigError, match=r"latent\.type"):
        encode(job)
