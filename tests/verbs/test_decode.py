"""Decode over whole datasets on disk: what comes back, and what is said of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline import errors
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.storage import metrics_file, private_folder
from ae_pipeline.verbs import encode
from tests.support.data.datasets import (
    N_ROWS,
    PARTITIONS,
    mixed_table,
    mixed_tree,
    read_table,
    write_tree,
)
from tests.support.jobs.pipelines import FEATURES, run_decode, run_encode


def test_decode_restores_schema_order_and_missing_values(
    source: Path, features: Path, tmp_path: Path
) -> None:
    """Schema, metadata, row order, kept columns, nulls, NaN and infinities come back exactly."""
    report = run_decode(features, tmp_path / "out", source)
    for partition in PARTITIONS:
        got = read_table(tmp_path / "out" / partition / "part-0.parquet")
        expected = read_table(source / partition / "part-0.parquet")
        assert got.schema.equals(expected.schema, check_metadata=True)
        for name in expected.column_names:
            if name in FEATURES:
                assert got[name].is_null().equals(expected[name].is_null())
                np.testing.assert_array_equal(_special(got[name]), _special(expected[name]))
            else:
                assert got[name].equals(expected[name])
    assert report.total.metrics is not None
    assert report.total.metrics.n_mismatched == 0


def _special(column: pa.ChunkedArray) -> np.ndarray:
    """1 for +Inf, -1 for -Inf, 2 for NaN, 0 for the rest."""
    values = column.to_numpy().astype(np.float64)
    return np.where(np.isinf(values), np.sign(values), np.where(np.isnan(values), 2.0, 0.0))


def test_metrics_equal_what_the_files_say(source: Path, features: Path, tmp_path: Path) -> None:
    """Reported errors per partition and column are those between source and decoded files."""
    run_decode(features, tmp_path / "out", source)
    metrics = pq.read_table(metrics_file(tmp_path / "out")).to_pylist()
    by_key = {(row["partition"], row["column"]): row for row in metrics}
    for partition in PARTITIONS:
        ours = read_table(tmp_path / "out" / partition / "part-0.parquet")
        theirs = read_table(source / partition / "part-0.parquet")
        for name in ("alpha", "beta", "count"):
            left, right = _values(ours[name]), _values(theirs[name])
            is_compared = np.isfinite(left) & np.isfinite(right)
            error = np.abs(left[is_compared] - right[is_compared])
            row = by_key[partition, name]
            assert row["n_compared"] == len(error)
            np.testing.assert_allclose(row["mse"], np.mean(error**2))
            np.testing.assert_allclose(row["rmse"], np.sqrt(np.mean(error**2)))
            np.testing.assert_allclose(row["mae"], np.mean(error))
            np.testing.assert_allclose(row["max_error"], np.max(error))
    assert ("total", "alpha") in by_key


def _values(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(
        [np.nan if value is None else value for value in column.to_pylist()], np.float64
    )


def test_standardized_mse_is_in_units_of_variance(
    source: Path, features: Path, tmp_path: Path
) -> None:
    """Standardised MSE is MSE over the variance of the column in the source."""
    run_decode(features, tmp_path / "out", source)
    rows = pq.read_table(metrics_file(tmp_path / "out")).to_pylist()
    total = next(row for row in rows if (row["partition"], row["column"]) == ("total", "alpha"))
    tables = [read_table(source / partition / "part-0.parquet") for partition in PARTITIONS]
    alpha = np.concatenate([_values(table["alpha"]) for table in tables])
    np.testing.assert_allclose(total["standardized_mse"], total["mse"] / np.nanvar(alpha))


def test_decode_needs_no_source(features: Path, tmp_path: Path) -> None:
    """Without a source the tables come back and no metrics are claimed."""
    report = run_decode(features, tmp_path / "out")
    assert report.total.n_rows == N_ROWS * len(PARTITIONS)
    assert report.total.metrics is None
    assert not metrics_file(tmp_path / "out").parent.exists()


def test_changed_source_is_not_compared(codec: str, tmp_path: Path) -> None:
    """Decode refuses to report errors against a source that was rewritten after encoding."""
    source = mixed_tree(tmp_path / "source")
    run_encode(source, tmp_path / "features", codec)
    pq.write_table(mixed_table(77), source / "day=1/part-0.parquet")
    report = run_decode(tmp_path / "features", tmp_path / "out", source)
    assert [failure.relative for failure in report.failures] == ["day=1/part-0.parquet"]
    assert "source changed" in report.failures[0].message


@pytest.mark.parametrize("n_rows", [0, 1])
def test_tiny_fragments_round_trip(codec: str, tmp_path: Path, n_rows: int) -> None:
    """Fragments of no row and of one row come back with schema and kept columns intact."""
    source = write_tree(tmp_path / "source", {"part-0.parquet": mixed_table(1, n_rows)})
    run_encode(source, tmp_path / "features", codec)
    run_decode(tmp_path / "features", tmp_path / "out", source)
    got = read_table(tmp_path / "out/part-0.parquet")
    expected = read_table(source / "part-0.parquet")
    assert got.schema.equals(expected.schema, check_metadata=True)
    assert got.select(["key", "name", "tags"]).equals(expected.select(["key", "name", "tags"]))


def test_single_file_source(source: Path, codec: str, tmp_path: Path) -> None:
    """A single file is a dataset of one fragment and compares with itself."""
    file = source / "day=1/part-0.parquet"
    run_encode(file, tmp_path / "features", codec)
    report = run_decode(tmp_path / "features", tmp_path / "out", file)
    assert [partition.partition for partition in report.partitions] == ["."]
    assert report.total.metrics is not None


def test_fragment_keeps_its_own_schema_metadata(codec: str, tmp_path: Path) -> None:
    """Column order, nullability and metadata of each fragment come back, not the first one's."""
    reordered = mixed_table(4).select(list(reversed(mixed_table(4).column_names)))
    other = reordered.replace_schema_metadata({"origin": "elsewhere"})
    source = mixed_tree(tmp_path / "source")
    write_tree(source, {"day=1/part-1.parquet": other})
    run_encode(source, tmp_path / "features", codec)
    run_decode(tmp_path / "features", tmp_path / "out", source)
    got = read_table(tmp_path / "out/day=1/part-1.parquet")
    expected = read_table(source / "day=1/part-1.parquet")
    assert got.schema.equals(expected.schema, check_metadata=True)
    assert got.schema.metadata == {b"origin": b"elsewhere"}


def test_filtered_rows_still_decode(source: Path, own_features: Path, tmp_path: Path) -> None:
    """Rows that another tool has sorted and filtered decode to their own values."""
    path = own_features / "day=1/part-0.parquet"
    table = pq.ParquetFile(path).read()
    picked = np.random.default_rng(0).permutation(N_ROWS)[:50]
    pq.write_table(table.take(picked), path)
    whole = run_decode(own_features, tmp_path / "out")
    assert whole.failures == ()
    got = read_table(tmp_path / "out/day=1/part-0.parquet")
    expected = read_table(source / "day=1/part-0.parquet").take(picked)
    assert got["key"].equals(expected["key"])
    for name in ("alpha", "beta"):
        assert got[name].is_null().equals(expected[name].is_null())
        np.testing.assert_array_equal(_special(got[name]), _special(expected[name]))


def test_missing_codec_copy_is_named(own_features: Path, tmp_path: Path) -> None:
    """A features dataset whose codec was removed says which one."""
    shutil.rmtree(private_folder(own_features) / "codecs")
    with pytest.raises(errors.CodecNotFoundError):
        run_decode(own_features, tmp_path / "out")


def test_source_is_never_decoded_over(codec: str, tmp_path: Path) -> None:
    """Even with --force, decode does not write its approximation over the source it came from."""
    source = mixed_tree(tmp_path / "source")
    before = (source / "day=1/part-0.parquet").read_bytes()
    run_encode(source, tmp_path / "features", codec)
    report = run_decode(tmp_path / "features", source, execution={"force": True})
    assert len(report.failures) == len(PARTITIONS)
    assert (source / "day=1/part-0.parquet").read_bytes() == before


def test_map_columns_are_kept(tmp_path: Path) -> None:
    """Map columns, whose Arrow schema changes when it is read back, encode and decode."""
    maps = pa.array([[("a", 1)], [("b", 2)], None], pa.map_(pa.string(), pa.int32()))
    table = pa.table({"x": [1.0, 2.0, 4.0], "y": [2.0, 4.0, 8.5], "m": maps})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    encode(EncodeJob(source=str(source), features=str(tmp_path / "f"), training={"epochs": 1}))
    run_decode(tmp_path / "f", tmp_path / "out", source)
    got = read_table(tmp_path / "out/part-0.parquet")
    assert got["m"].to_pylist() == table["m"].to_pylist()
