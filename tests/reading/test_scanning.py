"""Scans leave out what a condition cannot match, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ae_pipeline
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.reading import OpenDataset
from ae_pipeline.reading.scanning import Scan
from ae_pipeline.verbs import encode
from tests.reading.conftest import QUICK

#: Rows of each of the files, and of each row group of the source.
N_ROWS, N_GROUP = 200, 50


def numbers_table(number: int) -> pa.Table:
    """Columns whose values differ from file to file, with nulls, NaN and nothing at all."""
    generator = np.random.default_rng(number)
    whole = np.sort(generator.integers(0, 100, N_ROWS)) + 100 * number
    floats = np.sort(generator.normal(number, 1.0, N_ROWS))
    gaps = floats.copy()
    gaps[:: 7 + number] = np.nan
    return pa.table(
        {
            "whole": pa.array(whole, mask=generator.random(N_ROWS) < 0.1 * (number % 2)),
            "kept": pa.array(whole * 2),
            "real": pa.array(floats),
            "gaps": pa.array(gaps, mask=generator.random(N_ROWS) < 0.1),
            "word": pa.array([f"w{value:03}" for value in whole]),
            "sort": pa.array([f"s{value % 3}{number}" for value in whole]).dictionary_encode(),
            "at": pa.array(whole.astype("datetime64[h]").astype("datetime64[us]")),
            "none": pa.nulls(N_ROWS, pa.float64()),
            "same": pa.array(np.full(N_ROWS, float(number))),
        }
    )


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> list[OpenDataset]:
    """A source of four files of four row groups, and archives of it: exact, and rounded."""
    root = tmp_path_factory.mktemp("numbers")
    for number in range(4):
        (root / f"source/part={number}").mkdir(parents=True)
        path = root / f"source/part={number}/0.parquet"
        pq.write_table(numbers_table(number), path, row_group_size=N_GROUP)
    for relative in (0.0, 0.01):
        settings = {
            "tolerance": {"relative": relative, "accept_flattened": True},
            "columns": {"code": "all", "keep": ["kept"]},
        }
        job = {"source": str(root / "source"), "archive": str(root / f"archive{relative}")}
        encode(EncodeJob(**job, **settings, **QUICK))
    paths = ("source", "archive0.0", "archive0.01")
    return [ae_pipeline.open(root / name) for name in paths]


def comparisons() -> st.SearchStrategy[pc.Expression]:
    """Comparisons of a column with a value of its type, negated or not."""
    values: dict[str, st.SearchStrategy[object]] = {
        "whole": st.integers(-10, 410),
        "kept": st.integers(-10, 810),
        "real": st.floats(-5, 8),
        "gaps": st.sampled_from([-9.0, 0.0, 1.5, 9.0, float("inf")]),
        "word": st.integers(0, 410).map("w{:03}".format),
        "sort": st.sampled_from(["s00", "s12", "s23", "x", ""]),
        "at": st.integers(0, 400).map(lambda hour: datetime(1970, 1, 1) + timedelta(hours=hour)),
        "none": st.just(0.0),
        "same": st.sampled_from([0.0, 1.0, 2.5]),
        "part": st.integers(-1, 4),
    }

    def compared(name: str) -> st.SearchStrategy[pc.Expression]:
        field = pc.field(name)
        tests = [
            lambda value: field < value,
            lambda value: field <= value,
            lambda value: field == value,
            lambda value: field != value,
            lambda value: field > value,
            lambda value: field >= value,
            lambda value: field.isin([value]),
            lambda _: field.is_null(),
            lambda _: field.is_valid(),
        ]
        scalars = values[name].map(pa.scalar)
        return st.tuples(st.sampled_from(tests), scalars).map(lambda pair: pair[0](pair[1]))

    one = st.sampled_from(sorted(values)).flatmap(compared)
    return st.one_of(one, one.map(lambda found: ~found))


CONDITIONS = st.recursive(
    comparisons(),
    lambda inner: st.tuples(inner, inner, st.booleans()).map(
        lambda pair: pair[0] & pair[1] if pair[2] else pair[0] | pair[1]
    ),
    max_leaves=3,
)


@settings(max_examples=150)
@given(condition=CONDITIONS)
def test_nothing_that_matches_is_left_out(
    datasets: list[OpenDataset], condition: pc.Expression
) -> None:
    """A scan has the rows of a whole scan that match its condition, NaN and nulls among them."""
    for dataset in datasets:
        whole = dataset.to_table()
        expected = whole.filter(condition)
        found = dataset.to_table(filter=condition)
        assert found["kept"].equals(expected["kept"])
        assert found["part"].equals(expected["part"])


@pytest.mark.parametrize(
    ("condition", "n_source", "n_archive"),
    [
        (pc.field("part") == 2, 4, 1),
        (pc.field("kept") < 100, 2, 1),
        (pc.field("whole") == 250, 2, 1),
        (pc.field("real") > 1000.0, 0, 0),
        (pc.field("word") >= "w399", 1, 1),
        (pc.field("at") < datetime(1970, 1, 3), 3, 4),
        (pc.field("none") == 1.0, 0, 0),
        (pc.field("none").is_valid(), 0, 0),
        ((pc.field("same") == 1.0) & (pc.field("part") == 2), 0, 0),
    ],
)
def test_what_cannot_match_is_left_out(
    datasets: list[OpenDataset], condition: pc.Expression, n_source: int, n_archive: int
) -> None:
    """Partitions and row groups are left out by keys and bounds, of coded columns, too.

    The bounds of a block take few bytes: those of `at` find no room.
    """
    for dataset, most in zip(datasets, (n_source, n_archive, n_archive), strict=True):
        scan = Scan(dataset._contents, ("whole",), condition)
        assert sum(len(groups) for _, _, groups in scan.parts()) <= most
