"""Tables as bytes: what goes in comes out, and damage is named."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ae_pipeline
from ae_pipeline.calling.frames import FRAME_FILE
from ae_pipeline.calling.packed import pack, unpack
from ae_pipeline.errors import AePipelineError, ConfigError, CorruptFragmentError
from tests.support.checks import assert_one_line, assert_same_array, assert_same_table
from tests.support.data.orders import orders_table
from tests.support.format_reader.fragment import read_fragment
from tests.support.strategies.tables import Sample, samples

QUICK = {"planner__learn": "never", "planner__budget_s": 5.0}
ODD = pa.array([1.5, None, float("nan"), float("inf"), float("-inf"), -0.0])


def through_parquet(table: pa.Table) -> pa.Table:
    """The table with the types that Parquet has."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return pq.read_table(file)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(samples())
def test_every_table_comes_back(sample: Sample) -> None:
    """Tables of all types, names and metadata, with and without rows, are the same bit by bit."""
    back = ae_pipeline.decompress(ae_pipeline.compress(sample.table, tolerance=0.0, **QUICK))
    expected = through_parquet(sample.table)
    assert back.schema.metadata == expected.schema.metadata
    assert back.column_names == expected.column_names
    for want, got in zip(expected.schema, back.schema, strict=True):
        assert (got.nullable, got.metadata) == (want.nullable, want.metadata)
        values, found = expected[want.name], back[want.name].cast(want.type)
        if not found.equals(values):  # which NaN is not
            assert_same_array(values, found, want.name)
        assert got.type in (want.type, sample.table.schema.field(want.name).type)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"x": ODD, "name": list("abcdef")}),
        pa.table({"x": ODD[:1]}),
        pa.table({"x": ODD[:0], "name": pa.array([], pa.string())}),
        pa.table({"x": pa.nulls(3)}),
        pa.table({}),
    ],
    ids=["odd values", "one row", "no rows", "nulls", "no columns"],
)
def test_odd_tables_come_back(table: pa.Table) -> None:
    """Nulls, NaN, infinities, one row, no rows and no columns."""
    content = ae_pipeline.compress(table, tolerance=0.0, **QUICK)
    assert_same_table(table, ae_pipeline.decompress(content))


def test_floats_keep_the_tolerance() -> None:
    """Floats are within the promise, all else is exact, and the bytes are far fewer."""
    x = np.random.default_rng(0).normal(size=5000).cumsum()
    table = pa.table({"x": x, "n": np.arange(5000), "odd": pa.chunked_array([ODD] * 834)[:5000]})
    content = ae_pipeline.compress(table, tolerance=0.001, **QUICK)
    assert len(content) < table.nbytes / 10
    back = ae_pipeline.decompress(memoryview(content))
    assert np.abs(back["x"].to_numpy() - x).max() <= 0.001 * np.ptp(x)
    assert_same_table(table.drop_columns("x"), back.drop_columns("x"))


def test_a_saved_table_is_an_archive(tmp_path: Path) -> None:
    """Unpacked by any program it opens and verifies, and a reader of our format reads it."""
    table = orders_table(0, 500)
    (tmp_path / "orders.zip").write_bytes(ae_pipeline.compress(table, tolerance=0.0, **QUICK))
    with zipfile.ZipFile(tmp_path / "orders.zip") as files:
        files.extractall(tmp_path / "orders")
    assert ae_pipeline.open(tmp_path / "orders").to_table().equals(table)
    assert ae_pipeline.verify(tmp_path / "orders").failures == ()
    columns = read_fragment(tmp_path / "orders", FRAME_FILE)
    assert columns
    for name, values in columns.items():
        assert_same_array(table[name].combine_chunks(), values, name)


def test_the_same_table_gives_the_same_files() -> None:
    """Names, the codec's id among them, do not depend on where or when it was made."""
    contents = [ae_pipeline.compress(orders_table(0, 300), tolerance=0.0, **QUICK) for _ in "12"]
    names = [zipfile.ZipFile(io.BytesIO(one)).namelist() for one in contents]
    assert names[0] == names[1]


def test_wrong_settings_are_named() -> None:
    """A keyword that is no setting ends the call in one line, before anything is read."""
    with pytest.raises(ConfigError) as error:
        ae_pipeline.compress(orders_table(0, 10), tolerence=0.1)
    assert_one_line(error.value, "tolerence")


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", bytes(100)])
def test_other_bytes_are_refused(content: bytes) -> None:
    """Bytes that are no packed table are named in one line."""
    with pytest.raises(CorruptFragmentError) as error:
        ae_pipeline.decompress(content)
    assert_one_line(error.value, "packed table")


@cache
def packed_orders() -> bytes:
    """Bytes of 200 rows."""
    return ae_pipeline.compress(orders_table(0, 200), tolerance=0.0, **QUICK)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 255), st.booleans())
def test_damage_is_never_a_table(place: int, change: int, is_cut: bool) -> None:
    """A changed byte, or a lost end, gives the same rows or an error of ours, nothing else."""
    damaged = bytearray(packed_orders())
    place %= len(damaged)
    damaged[place] ^= change
    try:
        table = ae_pipeline.decompress(damaged[:place] if is_cut else damaged)
    except AePipelineError:
        return
    assert table.equals(orders_table(0, 200))


def test_no_file_leads_out(tmp_path: Path) -> None:
    """Names that climb, and files longer than the whole, harm nothing."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as files:
        files.writestr("../outside", b"x")
    unpack(content.getvalue(), tmp_path / "in")
    assert not (tmp_path / "outside").exists()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("huge", bytes(10**6))
    with pytest.raises(zipfile.BadZipFile):
        unpack(content.getvalue(), tmp_path / "in")


def test_packing_depends_on_the_files_alone(tmp_path: Path) -> None:
    """The same files, written at another time in another order, give the same bytes."""
    contents = []
    for order in (("a", "b/c"), ("b/c", "a")):
        folder = tmp_path / order[0][0]
        for name in order:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name.encode())
        contents.append(pack(folder))
    assert contents[0] == contents[1]
