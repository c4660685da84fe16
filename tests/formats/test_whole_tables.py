"""Whole tables through archives: every type of Arrow, bit for bit, also where tables drift."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_pipeline.codec.archive import save_archive_codec
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.verbs import decode, encode, verify
from benchmarks.tables.random_tables import random_table
from tests.support.codec.tables import drifted, table_codec
from tests.support.format_reader.fragment import read_fragment
from tests.support.jobs.round_trips import read_whole
from tests.support.values import assert_keeps_promise, assert_same_bits

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
FIRST, LATER = "day=1/part-0.parquet", "day=2/part-0.parquet"


def features_of(table: pa.Table) -> list[str]:
    """Float columns."""
    return [field.name for field in table.schema if pa.types.is_floating(field.type)]


def archived(folder: Path, seed: int, n_rows: int, tolerance: float) -> dict[str, pa.Table]:
    """Encode a drawn table and its drifted successor; return the sources as they were written.

    The codec is fitted to the first.
    """
    random = np.random.default_rng(seed)
    table = random_table(random, n_rows)
    features = features_of(table) if tolerance else features_of(table)[:1]
    table = write_exactly(folder / "source" / FIRST, table)
    later = write_exactly(folder / "source" / LATER, drifted(random, table, features))
    codec = table_codec(random, table, features, tolerance)
    save_archive_codec(codec, folder / "codec")
    job = EncodeJob(
        source=str(folder / "source"), archive=str(folder / "archive"), codec=str(folder / "codec")
    )
    report = encode(job)
    assert report.failures == (), report.failures
    return {FIRST: table, LATER: later}


def write_exactly(path: Path, table: pa.Table) -> pa.Table:
    """Write a file without dictionaries, in which all NaN are one; return what it holds."""
    path.parent.mkdir(parents=True)
    pq.write_table(table, path, row_group_size=128, use_dictionary=False)
    return read_whole(path)


def assert_promises(expected: pa.Table, got: pa.Table, features: list[str], bound: float) -> None:
    """Features are within their tolerance, all else is the same bit for bit."""
    assert got.schema.equals(expected.schema, check_metadata=True)
    for name in expected.column_names:
        theirs, ours = expected[name].combine_chunks(), got[name].combine_chunks()
        if name in features and bound:
            assert_keeps_promise(theirs, ours, bound)
        else:
            assert_same_bits(theirs, ours)


# Measuring errors widens signalling NaN, of which numpy warns.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@settings(suppress_health_check=SLOW, max_examples=30)
@given(st.integers(0, 1 << 32), st.sampled_from([0, 1, 2, 70, 300]), st.sampled_from([0.0, 0.5]))
def test_any_table(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n_rows: int, tolerance: float
) -> None:
    """Every column of a table comes back from disk, and of one that the codec did not expect."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as name:
        folder = Path(name)
        sources = archived(folder, seed, n_rows, tolerance)
        job = VerifyJob(archive=str(folder / "archive"), source=str(folder / "source"))
        assert verify(job).failures == ()
        decode(DecodeJob(archive=str(folder / "archive"), decoded=str(folder / "out")))
        for path, table in sources.items():
            features = features_of(sources[FIRST])
            assert_promises(table, read_whole(folder / "out" / path), features, tolerance)


@settings(suppress_health_check=SLOW, max_examples=10)
@given(st.integers(0, 1 << 32))
def test_any_column_alone(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """A projection has the bits that the whole table has, in every fragment that has the column."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as name:
        folder = Path(name)
        sources = archived(folder, seed, 50, 0.0)
        columns = [one for one in sources[FIRST].column_names if one in sources[LATER].column_names]
        for number, column in enumerate(columns[:3]):
            out = folder / f"out {number}"
            job = DecodeJob(
                archive=str(folder / "archive"), decoded=str(out), selection={"columns": [column]}
            )
            assert decode(job).failures == ()
            for path, table in sources.items():
                got = read_whole(out / path)
                assert got.column_names == [column]
                assert_same_bits(table[column].combine_chunks(), got[column].combine_chunks())


@settings(suppress_health_check=SLOW, max_examples=15)
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.5]))
def test_reader_from_the_format_alone(
    tmp_path_factory: pytest.TempPathFactory, seed: int, tolerance: float
) -> None:
    """A reader that knows docs/format.md alone reads the same columns."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as name:
        folder = Path(name)
        archived(folder, seed, 30, tolerance)
        decode(DecodeJob(archive=str(folder / "archive"), decoded=str(folder / "out")))
        for path in (FIRST, LATER):
            ours = pq.ParquetFile(folder / "out" / path).read()
            for column, values in read_fragment(folder / "archive", path).items():
                assert_same_bits(ours[column].combine_chunks(), values)
