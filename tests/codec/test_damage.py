"""Damaged and forged codecs: a named error or the very codec, in bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import (
    ArchiveCodec,
    ArchiveNetwork,
    load_archive_codec,
    save_archive_codec,
)
from ae_pipeline.coding import (
    MOST_TERMS,
    BlockStreams,
    ColumnStreams,
    LinearPredictor,
    Method,
    pack_integers,
    varint,
)
from ae_pipeline.config.job import VerifyJob
from ae_pipeline.errors import AePipelineError, ConfigError, CorruptCodecError
from ae_pipeline.verbs import inspect, verify
from tests.support.codec.archives import make_codec
from tests.support.codec.drawn import random_network
from tests.support.codec.ramps import ramp_network
from tests.support.codec.trees import read_codec_json, write_codec_json, write_codec_text
from tests.support.faults.apart import (
    BYTES_OF_LAYERS,
    BYTES_PER_VALUE,
    BYTES_PER_WEIGHT,
    complaint_of,
    limit_space,
    run_apart,
)
from tests.support.faults.damage import cuts, flips
from tests.support.faults.damaged_archives import (
    CODEC_FILES,
    MODEL_FILES,
    N_FEATURES,
    codec_folder,
    forge_tree,
)


def load_damaged(folder: str) -> Iterator[str]:
    """Load a codec damaged in every way; complain of what is no named error and not the same."""
    expected = load_archive_codec(folder).id
    for path in sorted(Path(folder).iterdir()):
        whole = path.read_bytes()
        for number, content in enumerate([*flips(whole), *cuts(whole)]):
            path.unlink()  # to cut a file to nothing and fill it again would wait for the disk
            path.write_bytes(content)
            complaint = complaint_of(lambda: load_archive_codec(folder).id == expected)
            if complaint:
                yield f"{path.name} {number}: {complaint}"
        path.write_bytes(whole)


def test_damaged_codec(own_archive: Path) -> None:
    """Damage to any file of a codec is a named error, or the codec is the same."""
    folder = codec_folder(own_archive)
    assert {path.name for path in folder.iterdir()} == CODEC_FILES
    assert run_apart(load_damaged, folder) == []


@pytest.mark.parametrize("kind", [flips, cuts])
def test_damaged_marker(own_archive: Path, kind: Callable[[bytes], Iterator[bytes]]) -> None:
    """Whatever the marker says, inspect raises named errors alone and verify does not care."""
    path = own_archive / "_ae/dataset.json"
    for content in kind(path.read_bytes()):
        path.write_bytes(content)
        try:
            assert inspect(str(own_archive)).facts["fragments"] == 1
        except AePipelineError:
            continue
    assert verify(VerifyJob(archive=str(own_archive))).failures == ()


TREES: dict[str, dict[str, object]] = {
    "features no list": {"features": 7},
    "a feature by number": {"features": [{"name": 99, "offset": 0, "tolerance": 1, "std": 1}]},
    "a feature that is text": {
        "features": [{"name": "level", "offset": 0, "tolerance": 1, "std": 1}]
    },
    "no feature of that name": {"features": [{"name": "?", "offset": 0, "tolerance": 1, "std": 1}]},
    "schema no text": {"schema": 7},
    "schema no message": {"schema": "AAAA"},
    "network no object": {"network": [1]},
    "no network": {"network": None},
    "predictor no object": {"predictor": [1]},
    "no predictor": {"predictor": None},
    "no number of terms": {"predictor": {}},
    "terms no number": {"predictor": {"n_terms": "many"}},
    "fewer terms": {"predictor": {"n_terms": 2}},
    "more terms": {"predictor": {"n_terms": 4}},
    "negative terms": {"predictor": {"n_terms": -1}},
    "many terms": {"predictor": {"n_terms": 1 << 25}},
    "huge terms": {"predictor": {"n_terms": 1 << 60}},
    "provenance no object": {"provenance": "?"},
    "id no text": {"id": 7},
}


@pytest.mark.parametrize("name", TREES)
def test_forged_tree(own_archive: Path, name: str) -> None:
    """JSON of another shape is a corrupt codec."""
    with pytest.raises(CorruptCodecError):
        load_archive_codec(forge_tree(own_archive, **TREES[name]))


WHOLE = {
    "source": "a",
    "fit_key": "b",
    "n_rows": 9,
    "training": {
        **{"epochs": 1, "steps": 1, "stop_reason": "steps", "best_epoch": 1},
        **{"start_loss": 1.0, "validation_loss": 1.0},
    },
    "plan": [
        {"name": "c", "payload_bytes": 9, "model_bytes": 0, "seconds": 1.0, "is_chosen": False},
        {"name": "d", "payload_bytes": 5, "model_bytes": 2, "seconds": 1.0, "is_chosen": True},
    ],
    "references": [{"edges": [1.0], "counts": [1, 2, 0]}],
    "history": [
        {"epoch": 0, "steps": 0, "train_loss": None, "validation_loss": 1.0, "seconds": 0.5}
    ],
    "columns": [
        {
            **{"r2": 1.0, "r2_bulk": None, "n_before": 2, "n_after": 2, "iqr": 0.5},
            **{"verdict": "kept", "of a later release": 1},
        }
    ],
}
PROVENANCES = {
    **{f"rows {value}": {"n_rows": value} for value in (None, 1e400, np.nan, -1, 10**400, "9")},
    **{f"source {value}": {"source": value} for value in (["a"], 7, None)},
    "key no text": {"fit_key": 7},
    "losses no numbers": {"training": {**WHOLE["training"], "start_loss": "?"}},
    **{
        f"{key} {value}": {"plan": [{**WHOLE["plan"][0], key: value}, WHOLE["plan"][1]]}
        for key in ("payload_bytes", "model_bytes")
        for value in (None, 1e400, "9")
    },
    "chosen no truth": {"plan": [{**WHOLE["plan"][0], "is_chosen": 3}]},
    "plan no list": {"plan": {"a": 1}},
    "edges no numbers": {"references": [{"edges": ["?"], "counts": [1, 2, 0]}]},
    "counts too few": {"references": [{"edges": [1.0], "counts": [1, 2]}]},
    "tolerance a list": {"tolerance": [1]},
    "history no list": {"history": None},
    "history of numbers": {"history": [1]},
    **{
        f"epoch {key} {value}": {"history": [{**WHOLE["history"][0], key: value}]}
        for key, value in (("epoch", -1), ("train_loss", "?"), ("seconds", []))
    },
    "columns no list": {"columns": 7},
    "a column without verdict": {"columns": [{"r2": 1.0}]},
    **{
        f"column {key} {value}": {"columns": [{**WHOLE["columns"][0], key: value}]}
        for key, value in (("r2", "?"), ("iqr", []), ("n_after", -1), ("verdict", "fine"))
    },
}


@pytest.mark.parametrize("name", PROVENANCES)
def test_damaged_provenance(own_archive: Path, name: str) -> None:
    """Provenance, which the id does not cover, is read with its types or named as damaged."""
    forge_tree(own_archive, provenance=WHOLE)
    assert inspect(str(own_archive)).facts["model pays from rows"] == 4
    forge_tree(own_archive, provenance={**WHOLE, **PROVENANCES[name]})
    for path in (own_archive, codec_folder(own_archive)):
        with pytest.raises(CorruptCodecError):
            inspect(str(path))


def test_deep_json(own_archive: Path) -> None:
    """JSON that is nested too deep for Python is a corrupt codec."""
    write_codec_text(codec_folder(own_archive), b"[" * 200_000)
    with pytest.raises(CorruptCodecError):
        load_archive_codec(codec_folder(own_archive))


@pytest.mark.parametrize("name", MODEL_FILES)
def test_missing_file_of_weights(own_archive: Path, name: str) -> None:
    """A codec that lacks one of its files is damaged, and the message names the file."""
    (codec_folder(own_archive) / name).unlink()
    with pytest.raises(CorruptCodecError, match=name):
        load_archive_codec(codec_folder(own_archive))


@pytest.mark.parametrize("size", [1 << 30, 1 << 62, (1 << 63) - 1, 1 << 64])
@pytest.mark.parametrize("name", MODEL_FILES)
def test_huge_array_of_weights(own_archive: Path, name: str, size: int) -> None:
    """An array that claims to be huge is refused."""
    path = codec_folder(own_archive) / name
    path.write_bytes(varint(size) + path.read_bytes()[1:])
    with pytest.raises(CorruptCodecError):
        load_archive_codec(codec_folder(own_archive))


def forged_codecs(codec: ArchiveCodec) -> dict[str, ArchiveCodec]:
    """Codecs whose ids are right and whose parts do not fit each other."""
    assert codec.network is not None
    assert codec.predictor is not None
    networks, predictors = forged_networks(codec.network), forged_predictors(codec.predictor)
    return {
        **{name: replace(codec, network=part) for name, part in networks.items()},
        **{name: replace(codec, predictor=part) for name, part in predictors.items()},
    }


def forged_networks(network: ArchiveNetwork) -> dict[str, ArchiveNetwork]:
    """Arrays and numbers of other sizes."""
    shape, decoder, inputs = network.architecture, network.decoder, network.standardization
    huge = 1 << 60
    return {
        "window of no rows": replace(network, window=0),
        "negative window": replace(network, window=-4),
        "another window": replace(network, window=2),
        "huge window": replace(network, window=huge),
        "huge inputs": replace(network, architecture=replace(shape, n_inputs=huge)),
        "huge latent": replace(network, architecture=replace(shape, latent_dim=huge)),
        "huge hidden": replace(network, architecture=replace(shape, encoder_hidden=(huge,))),
        "fewer output biases": replace(
            network, decoder=replace(decoder, output_bias=decoder.output_bias[:-1])
        ),
        "one bias for all": replace(
            network, decoder=replace(decoder, output_bias=decoder.output_bias[:1])
        ),
        "more latents": replace(
            network, decoder=replace(decoder, skip_weights=np.tile(decoder.skip_weights, (2, 1)))
        ),
        "more columns": replace(
            network, standardization=replace(inputs, scale=np.append(inputs.scale, 1.0))
        ),
        "more steps": replace(network, code_step=np.ones(3, np.float32)),
    }


def forged_predictors(predictor: LinearPredictor) -> dict[str, LinearPredictor]:
    """Each array of another size, and numbers that the others do not allow; 7 is `echo`."""
    arrays, one, many = vars(predictor), np.eye(N_FEATURES, dtype=int), MOST_TERMS + 1
    order, sources, counts = predictor.order, predictor.sources, predictor.counts
    forged: dict[str, dict[str, np.ndarray]] = {
        **{f"fewer {key}": {key: array[:-1]} for key, array in arrays.items()},
        **{f"more {key}": {key: np.resize(array, len(array) + 1)} for key, array in arrays.items()},
        "a feature twice": {"order": np.append(order[1:], order[1])},
        "order from 1": {"order": order + 1},
        "order from -1": {"order": order - 1},
        "source itself": {"sources": np.append(sources[1:], 14)},
        "source later": {"sources": np.append(sources[1:], 2 * order[-1] + 1)},
        "source beyond": {"sources": np.append(sources[1:], 2 * N_FEATURES)},
        "negative source": {"sources": np.append(sources[1:], -1)},
        "counts of more": {"counts": counts + one[7]},
        "counts of fewer": {"counts": counts - one[7]},
        "negative count": {"counts": counts + one[7] - one[0]},
        "terms of others": {"counts": counts[::-1]},
        "many terms": {
            "counts": many * one[7],
            "sources": np.zeros(many),
            "weights": np.arange(many),
        },
        "shift of 31": {"shifts": predictor.shifts + 31 * one[3]},
        "shift of 127": {"shifts": predictor.shifts + 127 * one[3]},
        "negative shift": {"shifts": predictor.shifts - one[3]},
        "follows two": {"follows": predictor.follows + 2 * one[5]},
        "follows backwards": {"follows": predictor.follows - one[5]},
    }
    return {
        "wide weights": replace(predictor, weights=predictor.weights.astype(int) << 15),
        "wide biases": replace(predictor, biases=predictor.biases.astype(int) << 31),
        **{
            name: replace(
                predictor, **{key: part.astype(arrays[key].dtype) for key, part in parts.items()}
            )
            for name, parts in forged.items()
        },
    }


def load_forged(archive: str, folder: str) -> Iterator[str]:
    """Save and load forged codecs; complain of those that are not refused."""
    codec = load_archive_codec(codec_folder(Path(archive)))
    for name, forged in forged_codecs(codec).items():
        save_archive_codec(forged, Path(folder) / name)
        try:
            load_archive_codec(Path(folder) / name)
            yield f"{name}: no error"
        except CorruptCodecError:
            continue
        except Exception as error:  # whatever else there is, is what we look for
            yield f"{name}: {type(error).__name__}: {error}"


def test_forged_codecs(archive: Path, tmp_path: Path) -> None:
    """Arrays and numbers that do not fit each other are refused, though the id is right."""
    assert run_apart(load_forged, archive, tmp_path) == []


#: Networks of a few bytes that would take gigabytes.
BOMBS = {
    "many layers": {"encoder_hidden": [8192] * 40},
    "one wide layer": {"encoder_hidden": [1 << 24]},
    "wide decoder": {"decoder_hidden": [1 << 24]},
    "many codes": {"latent_dim": 99},
    "negative widths": {"encoder_hidden": [-8192, -8192]},
}


def load_bombs(archive: str) -> Iterator[str]:
    """Load networks of constant weights that are too many; complain of those not refused."""
    folder, space = codec_folder(Path(archive)), 128 << 20
    tree = read_codec_json(folder)
    for name, shape in BOMBS.items():
        network = {**tree["network"], "architecture": tree["network"]["architecture"] | shape}
        write_codec_json(folder, {**tree, "network": network})
        for part in ("encoder", "decoder"):
            (folder / f"{part}.bin").write_bytes(b"\2\0\1" * 200)
        limit_space(space)
        try:
            load_archive_codec(folder)
            yield f"{name}: no error"
        except CorruptCodecError:
            continue
        except BaseException as error:  # out of memory, above all
            yield f"{name}: {type(error).__name__}: {error}"


def test_bombs(own_archive: Path) -> None:
    """Networks that are larger than a writer makes are refused before they are expanded."""
    assert run_apart(load_bombs, own_archive) == []


def test_writers_keep_the_limits(tmp_path: Path) -> None:
    """A network that readers would refuse is not written."""
    many, network, width = ramp_network(n_idle=2), ramp_network(), 1 << 23
    decoder = replace(
        network.decoder,
        hidden_weights=np.zeros((1, width), np.int8),
        hidden_shift=np.zeros(width, np.int8),
        hidden_bias=np.zeros(width, np.float32),
        output_weights=np.zeros((width, 2), np.int8),
    )
    arrow = pa.schema([("a", pa.float64()), ("b", pa.float64())])
    for other in (many, replace(network, decoder=decoder)):
        with pytest.raises(ConfigError, match="too large"):
            save_archive_codec(make_codec(arrow, 1.0, other), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_memory_of_a_wide_network() -> None:
    """Decoding stays within what the format says, however wide layers are and with many codes."""
    n_rows, n_columns, generator = 8192, 33, np.random.default_rng(3)
    network = random_network(generator, n_columns, latent=32, hidden=8192)
    codec = make_codec(pa.schema([(f"c{i}", pa.float32()) for i in range(n_columns)]), 1.0, network)
    codes = generator.integers(-99, 99, (32, n_rows))
    corrected = ColumnStreams(Method.NETWORK_RESIDUALS, b"\0\1")
    columns = (*(corrected,) * (n_columns - 1), ColumnStreams(Method.DIRECT, b"\0\1"))
    content = BlockStreams(n_rows, tuple(map(pack_integers, codes)), columns).to_bytes()
    tracemalloc.start()
    codec.decode(content, n_rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    n_weights = 2 * 8192 * 32 + 32 * 32
    allowed = BYTES_PER_VALUE * n_rows * n_columns + BYTES_PER_WEIGHT * n_weights
    assert peak < allowed + len(content) + BYTES_OF_LAYERS
