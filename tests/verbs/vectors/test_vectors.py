"""Vector columns as users see them: one column with one promise, from fit to decoded table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.columns import Vectors
from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.errors import ConfigError, FlattenedColumnError
from ae_pipeline.fragments.column_errors import cosines
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, estimate, inspect, verify
from tests.support.data.datasets import read_table, write_tree
from tests.support.values import assert_same_bits

QUICK: dict[str, Any] = {"planner": {"learn": "never", "budget_s": 5.0}}
N_ROWS, WIDTH = 300, 24


def embeddings(seed: int = 0, width: int = WIDTH, n_rows: int = N_ROWS) -> np.ndarray:
    """Rows around a few centres, of norm 1."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(size=(5, width))
    rows = centres[generator.integers(0, 5, n_rows)] + 0.3 * generator.normal(size=(n_rows, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def odd_embeddings() -> pa.Array:
    """Embeddings with null vectors, nulls inside, NaN, infinities, zeros and tiny rows."""
    numbers, rows = embeddings(), np.arange(N_ROWS)
    numbers[rows % 50 == 7] = 0
    numbers[rows % 60 == 8] /= 1000
    numbers[rows % 70 == 9, 3] = np.nan
    numbers[rows % 80 == 10, 5] = -np.inf
    is_number = np.ones(numbers.shape, bool)
    is_number[rows % 90 == 11, 2] = False
    return Vectors(numbers, rows % 13 != 4, is_number).to_arrow(
        pa.list_(pa.field("item", pa.float32(), metadata={"model": "m1"}), WIDTH)
    )


def table_of(vectors: pa.Array) -> pa.Table:
    """Vectors beside numbers and words."""
    rows = np.arange(len(vectors))
    return pa.table(
        {
            "id": rows,
            "x": np.sin(rows / 9.0),
            "v": vectors,
            "word": [f"w{row % 7}" for row in rows.tolist()],
        }
    )


def round_trip(root: Path, table: pa.Table, **settings: Any) -> tuple[DatasetReport, pa.Table]:
    """Encode, verify against the source, decode; the report of verify and the decoded table."""
    write_tree(root / "source", {"part-0.parquet": table}, 1 << 20)
    paths = {"source": str(root / "source"), "archive": str(root / "archive")}
    assert encode(EncodeJob(**paths, **QUICK, **settings)).failures == ()
    report = verify(VerifyJob(**paths))
    assert report.failures == ()
    decode(DecodeJob(archive=paths["archive"], decoded=str(root / "decoded")))
    decoded = read_table(root / "decoded" / "part-0.parquet")
    written = read_table(root / "source" / "part-0.parquet")
    assert decoded.schema.equals(written.schema, check_metadata=True)
    for name in ("id", "word"):
        assert_same_bits(table[name].combine_chunks(), decoded[name].combine_chunks())
    return report, decoded


def errors(table: pa.Table, decoded: pa.Table) -> np.ndarray:
    """Errors of all finite numbers of the vectors."""
    left, right = (Vectors.of(one["v"].combine_chunks()).flat() for one in (table, decoded))
    source, got = (one.fill_null(np.nan).to_numpy().astype(float) for one in (left, right))
    is_finite = np.isfinite(source)
    return np.abs(source[is_finite] - got[is_finite])


@pytest.mark.parametrize("kind", ["spread", "absolute", "std", "decimals"])
def test_a_vector_column_keeps_one_promise(kind: str, tmp_path: Path) -> None:
    """Each kind of tolerance holds for every number, and reports speak of one column."""
    table = table_of(odd_embeddings())
    value = 2 if kind == "decimals" else 0.02
    rules = [{"match": "v", "kind": kind, "value": value}]
    report, decoded = round_trip(tmp_path, table, tolerance={"rules": rules})
    assert report.features == ("x", "v")
    assert [column.name for column in report.fidelity] == ["x", "v"]
    of_v = report.total.column_metrics[1]
    assert of_v.max_error == pytest.approx(errors(table, decoded).max(), rel=1e-6)
    assert of_v.max_error_to_tolerance is not None
    assert 0 < of_v.max_error_to_tolerance <= 1
    assert of_v.n_mismatched == 0


def test_a_cosine_holds_in_each_row(tmp_path: Path) -> None:
    """Every vector points where its source does; those without a direction are exact."""
    table = table_of(odd_embeddings())
    rules = [{"match": "v", "kind": "cosine", "value": 0.995}]
    report, decoded = round_trip(tmp_path, table, tolerance={"rules": rules})
    source, got = (one["v"].combine_chunks() for one in (table, decoded))
    least = float(np.nanmin(cosines(got, source)))
    assert 0.995 <= least < 1
    worst = report.total.column_metrics[1].max_error_to_tolerance
    assert worst == pytest.approx((1 - least) / (1 - 0.995), rel=1e-6)
    assert "cosine of at least 0.995" in report.fidelity[1].promise


def test_a_tolerance_of_0_keeps_every_bit(tmp_path: Path) -> None:
    """Vectors are exact if all is."""
    table = table_of(odd_embeddings())
    _, decoded = round_trip(tmp_path, table, tolerance={"relative": 0.0})
    assert_same_bits(table["v"].combine_chunks(), decoded["v"].combine_chunks())


@pytest.mark.parametrize("width", [1, 2, 3])
def test_points_are_features_too(width: int, tmp_path: Path) -> None:
    """Narrow vectors are sub-columns of the table model, with nulls and without."""
    steps = np.random.default_rng(1).normal(size=(2000, width))
    is_valid = np.arange(2000) % 9 != 3
    kind = pa.list_(pa.field("item", pa.float64(), nullable=False), width)
    for number, valid in enumerate((is_valid, np.ones(2000, bool))):
        points = Vectors(np.cumsum(steps, axis=0), valid, None).to_arrow(kind)
        table = table_of(points)
        report, decoded = round_trip(tmp_path / str(number), table)
        tolerance = report.total.column_metrics[1].max_error_to_tolerance
        assert tolerance is not None
        assert 0.9 < tolerance <= 1
        nulls = [one["v"].null_count for one in (table, decoded)]
        assert nulls[0] == nulls[1]


def test_tensors_keep_their_type(tmp_path: Path) -> None:
    """A column of matrices comes back as one."""
    numbers = np.random.default_rng(0).normal(size=(N_ROWS, 4, 5)).astype(np.float32)
    _, decoded = round_trip(
        tmp_path, table_of(pa.FixedShapeTensorArray.from_numpy_ndarray(numbers))
    )
    found = decoded["v"].combine_chunks().to_numpy_ndarray()
    assert 0 < np.abs(found - numbers).max() < 0.1


def test_inspect_and_estimate_show_one_column(tmp_path: Path) -> None:
    """Columns, costs and forecasts have the name of the vectors and none of their lanes."""
    table = table_of(odd_embeddings())
    round_trip(tmp_path, table)
    found = inspect(str(tmp_path / "archive"))
    assert [column.name for column in found.columns] == table.column_names
    assert [cost.name for cost in found.costs] == table.column_names
    job = EstimateJob(source=str(tmp_path / "source"), tolerances=(0.01,), **QUICK)
    (option,) = estimate(job).options
    assert [column.name for column in option.columns] == ["x", "v"]


def test_one_column_is_decoded(tmp_path: Path) -> None:
    """A selection of the vectors, or of all else, is the same part of the whole table."""
    _, whole = round_trip(tmp_path, table_of(odd_embeddings()))
    for number, names in enumerate((("v",), ("x", "word"))):
        target = tmp_path / f"part{number}"
        selection = SelectionConfig(columns=names)
        decode(
            DecodeJob(archive=str(tmp_path / "archive"), decoded=str(target), selection=selection)
        )
        found = read_table(target / "part-0.parquet")
        assert found.column_names == [name for name in whole.column_names if name in names]
        for name in names:
            assert_same_bits(whole[name].combine_chunks(), found[name].combine_chunks())


def test_vectors_are_kept_on_request(tmp_path: Path) -> None:
    """A pinned column of vectors stays plain Parquet."""
    round_trip(tmp_path, table_of(odd_embeddings()), columns={"keep": ["v"]})
    assert "v" in pq.read_schema(tmp_path / "archive" / "part-0.parquet").names


def test_a_cosine_of_numbers_is_an_error(tmp_path: Path) -> None:
    """The error names the column and those that it could be promised of."""
    rules = [{"match": "x", "kind": "cosine", "value": 0.9}]
    with pytest.raises(ConfigError, match=r"no vectors.*expected one of v, got x"):
        round_trip(tmp_path, table_of(odd_embeddings()), tolerance={"rules": rules})


def test_a_tolerance_that_flattens_vectors_is_refused(tmp_path: Path) -> None:
    """The guard judges vectors by all their numbers, and names the column."""
    with pytest.raises(FlattenedColumnError, match=r"\bv\b"):
        round_trip(tmp_path, table_of(odd_embeddings()), tolerance={"relative": 0.3})


def test_wide_embeddings_beat_streams_of_numbers(tmp_path: Path) -> None:
    """A few hundred rows of wide vectors take hardly more than the entropy of their cells."""
    numbers = embeddings(3, 384)
    table = pa.table({"v": pa.FixedSizeListArray.from_arrays(pa.array(numbers.reshape(-1)), 384)})
    write_tree(tmp_path / "source", {"part-0.parquet": table}, 1 << 20)
    paths = {"source": str(tmp_path / "source"), "archive": str(tmp_path / "archive")}
    report = encode(EncodeJob(**paths, **QUICK))
    tolerance = float(report.fidelity[0].promise.removeprefix("within "))
    counts = np.unique(np.rint(numbers / (2 * tolerance)), return_counts=True)[1]
    entropy = -(counts * np.log2(counts / counts.sum())).sum() / 8
    assert report.bytes.payload_bytes < 1.02 * entropy
