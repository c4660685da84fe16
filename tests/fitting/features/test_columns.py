"""Images, embeddings and times in features: learned, and back with their types and gaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.verbs import decode, encode

TENSOR = pa.fixed_shape_tensor(pa.uint8(), [2, 2])


def table(width: int = 4) -> pa.Table:
    """Embeddings with nulls and a NaN inside, images of 2 by 2, and hours with a zone."""
    draws = np.random.default_rng(0)
    cause = draws.normal(size=(300, 1))
    numbers = (cause @ np.ones((1, width)) + 0.1 * draws.normal(size=(300, width))).tolist()
    numbers[3][1] = float("nan")
    embeddings = pa.array([None, *numbers[1:]], pa.list_(pa.float32(), width))
    pixels = np.clip(128 + 40 * cause + np.arange(4), 0, 255).astype(np.uint8)
    images = pa.FixedSizeListArray.from_arrays(pa.array(pixels.reshape(-1)), 4)
    hours = pa.array(np.arange(300) * 3_600_000).cast(pa.timestamp("ms", "Europe/Berlin"))
    return pa.table(
        {"v": embeddings, "image": pa.ExtensionArray.from_storage(TENSOR, images), "at": hours}
    )


def job(folder: Path) -> EncodeJob:
    """Features of all columns, with errors, after one epoch."""
    return EncodeJob(
        source=str(folder / "source"),
        features=str(folder / "features"),
        columns={"learn": "all"},
        network={"latent_dim": 3},
        training={"epochs": 1},
        with_error=True,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folder with a source of one file."""
    (tmp_path / "source").mkdir()
    pq.write_table(table(), tmp_path / "source" / "a.parquet")
    return tmp_path


def test_vectors_and_times_come_back(folder: Path) -> None:
    """Types, null vectors and NaN inside vectors come back, pixels and hours about as they were."""
    assert not encode(job(folder)).failures
    decode(DecodeJob(features=str(folder / "features"), decoded=str(folder / "decoded")))
    source, decoded = table(), pq.read_table(folder / "decoded" / "a.parquet")
    assert decoded.schema.equals(source.schema)
    assert decoded["v"].null_count == 1
    assert np.isnan(decoded["v"][3].as_py()[1])
    images = [
        t["image"].combine_chunks().to_numpy_ndarray().astype(float) for t in (source, decoded)
    ]
    assert ((images[0] - images[1]) ** 2).mean() < 0.1 * images[0].var()
    features = pq.read_table(folder / "features" / "a.parquet")
    assert features.column_names[-2:] == ["ae:error", "ae:errors"]
    assert features["ae:errors"][0].as_py()["v"] is None


def test_another_dimension_is_refused_by_name(folder: Path) -> None:
    """A file whose vectors have another dimension fails with a line that names the column."""
    encode(job(folder))
    pq.write_table(table(5), folder / "source" / "b.parquet")
    (failure,) = encode(job(folder)).failures
    assert "v is fixed_size_list<element: float>[5]" in str(failure)
