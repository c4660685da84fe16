"""Streaming the rows of fragments, and refusing those that are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.dataset import (
    Fragment,
    discover,
    fingerprint,
    list_row_groups,
    open_fragment,
    read_records,
    rebatch,
)
from ae_pipeline.dataset.reading import _rows_at_once
from ae_pipeline.errors import AePipelineError, CorruptFragmentError, SourceNotFoundError
from tests.support.checks import assert_one_line, assert_same_table
from tests.support.tables import fragment_at, numbers_table, write_fragment

WORD = pa.dictionary(pa.int32(), pa.string())
NESTED = (
    pa.list_(WORD),
    pa.large_list(WORD),
    pa.list_(WORD, 2),
    pa.map_(pa.int64(), WORD),
    pa.struct([("word", WORD), ("deep", pa.list_(WORD))]),
)


def read_all(fragment: Fragment) -> pa.Table:
    """All rows, the way the pipeline reads them."""
    list_row_groups([fragment])
    return pa.Table.from_batches(rebatch(read_records(fragment, 16), 16))


def words_of(kind: pa.DataType, words: list[str | None]) -> object:
    """Some words as one value of a nested type."""
    if pa.types.is_map(kind):
        return list(enumerate(words))
    if pa.types.is_struct(kind):
        return {"word": words[0], "deep": words}
    return words


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which examples of one property may overwrite one file."""
    return tmp_path_factory.mktemp("workshop")


@pytest.fixture(scope="module")
def whole(workshop: Path) -> bytes:
    """Bytes of a small whole file with numbers, words, nulls and lists in two row groups."""
    n_rows = 50
    table = numbers_table(n_rows).append_column("tags", pa.array([[1.0], None] * (n_rows // 2)))
    return write_fragment(workshop / "whole", table, row_group_size=30).path.read_bytes()


# Damage


def test_fragment_that_is_gone(tmp_path: Path) -> None:
    """A fragment that was removed after discovery is named as not found by every reader."""
    fragment = write_fragment(tmp_path / "a.parquet", numbers_table(3))
    fragment.path.unlink()
    for attempt in (fingerprint, read_all):
        with pytest.raises(SourceNotFoundError) as caught:
            attempt(fragment)
        assert_one_line(caught.value, str(fragment.path))


@pytest.mark.parametrize("content", [b"", b"P", b"PAR1", b"PAR1PAR1", b"id,x\n1,2\n" * 9])
def test_no_parquet_inside(tmp_path: Path, content: bytes) -> None:
    """A file that is empty, cut to a stub or something else is refused by its relative path."""
    path = tmp_path / "day=1" / "a.parquet"
    path.parent.mkdir()
    path.write_bytes(content)
    (damaged,) = discover(tmp_path).fragments
    with pytest.raises(CorruptFragmentError) as caught:
        read_all(damaged)
    assert_one_line(caught.value, "day=1/a.parquet", "restore it")
    assert content or "an empty file" in str(caught.value)


@given(st.data())
def test_truncated_file(workshop: Path, whole: bytes, data: st.DataObject) -> None:
    """A file cut short anywhere is refused and named."""
    path = workshop / "cut.parquet"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(CorruptFragmentError, match=r"cut\.parquet"):
        read_all(fragment_at(path))


# The same examples each time: pyarrow's parser, not ours, decides what a random byte does.
@settings(max_examples=300, derandomize=True)
@given(st.data())
def test_flipped_bytes(workshop: Path, whole: bytes, data: st.DataObject) -> None:
    """Whatever bytes are damaged, a file is read or refused by one of our errors."""
    content = bytearray(whole)
    n_footer = int.from_bytes(whole[-8:-4], "little") + 8
    place = st.integers(0, len(whole) - 1) | st.integers(len(whole) - n_footer, len(whole) - 1)
    for index in data.draw(st.lists(place, min_size=1, max_size=3)):
        content[index] = data.draw(st.integers(0, 255))
    path = workshop / "flipped.parquet"
    path.write_bytes(content)
    damaged = fragment_at(path)
    fingerprint(damaged)
    try:
        read_all(damaged)
    except AePipelineError as error:
        assert_one_line(error, "flipped.parquet")


def test_damaged_column_name(workshop: Path, whole: bytes) -> None:
    """A column name that is no text any more is damage, found when the file is opened."""
    path = workshop / "name.parquet"
    path.write_bytes(whole.replace(b"word", b"\xfford"))
    with (
        pytest.raises(CorruptFragmentError, match=r"name\.parquet"),
        open_fragment(fragment_at(path)),
    ):
        pass


def test_damaged_page_is_found_by_its_checksum(tmp_path: Path) -> None:
    """Where pages carry checksums, a changed value is damage and never a wrong number."""
    table = pa.table({"a": np.arange(1000.0)})
    fragment = write_fragment(
        tmp_path / "a.parquet",
        table,
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    content = fragment.path.read_bytes()
    needle = np.float64(500).tobytes()
    assert content.count(needle) == 1
    fragment.path.write_bytes(content.replace(needle, np.float64(501).tobytes()))
    with pytest.raises(CorruptFragmentError, match=r"a\.parquet.*checksum"):
        read_all(fragment)


def test_no_rows_is_no_damage(tmp_path: Path) -> None:
    """A file without rows is whole: it has no row groups to list and no records to read."""
    fragment = write_fragment(tmp_path / "a.parquet", numbers_table(0))
    assert list_row_groups([fragment]) == []
    assert sum(batch.num_rows for batch in read_records(fragment, 10)) == 0
    with open_fragment(fragment) as file:
        assert file.schema_arrow.names == numbers_table(0).column_names


# Reading


@pytest.mark.parametrize("batch_rows", [1, 7, 30, 1000])
def test_records_stream_in_order(tmp_path: Path, batch_rows: int) -> None:
    """All rows come in order, in batches of at most the size asked for."""
    table = numbers_table(100)
    fragment = write_fragment(tmp_path / "a.parquet", table, row_group_size=30)
    batches = list(read_records(fragment, batch_rows))
    assert max(batch.num_rows for batch in batches) <= batch_rows
    assert_same_table(table, pa.Table.from_batches(batches))


def test_records_of_some_columns_and_row_groups(tmp_path: Path) -> None:
    """Only the row groups and columns asked for are read."""
    table = numbers_table(100)
    fragment = write_fragment(tmp_path / "a.parquet", table, row_group_size=30)
    got = pa.Table.from_batches(read_records(fragment, 50, ["key", "b"], [0, 3]))
    expected = pa.concat_tables([table.slice(0, 30), table.slice(90)]).select(["key", "b"])
    assert_same_table(expected, got)
    assert sum(batch.num_rows for batch in read_records(fragment, 50, row_groups=[])) == 0


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
@pytest.mark.parametrize("kind", NESTED, ids=str)
def test_nested_dictionaries(tmp_path: Path, kind: pa.DataType, batch_rows: int) -> None:
    """Words of lists, maps and structs are read whatever dictionaries the row groups have."""
    words = [None if row % 9 == 4 else f"w{row % 13}" for row in range(60)]
    values = [words_of(kind, words[row : row + 2]) for row in range(59)]
    table = pa.table({"a": np.arange(59.0), "words": pa.array(values, kind)})
    fragment = write_fragment(tmp_path / "a.parquet", table, row_group_size=20)
    for columns in (None, ["words"]):
        batches = read_records(fragment, batch_rows, columns)
        got = pa.Table.from_batches(rebatch(batches, 25))
        assert got["words"].to_pylist() == table["words"].to_pylist()
        assert got.schema.field("words") == table.schema.field("words")


def test_reading_can_stop_early(tmp_path: Path) -> None:
    """A reader that stops after one batch closes the file."""
    fragment = write_fragment(tmp_path / "a.parquet", numbers_table(100))
    records = read_records(fragment, 10)
    assert next(records).num_rows == 10
    records.close()
    assert list(records) == []


def test_reader_has_no_part_in_its_users_faults(tmp_path: Path) -> None:
    """An exception of the code that uses an open fragment passes through as it is."""
    fragment = write_fragment(tmp_path / "a.parquet", numbers_table(3))
    with pytest.raises(KeyError, match="mine"), open_fragment(fragment):
        raise KeyError("mine")


def test_row_groups_are_listed_in_order(tmp_path: Path) -> None:
    """Row groups with rows are listed fragment by fragment, empty ones left out."""
    first = write_fragment(tmp_path / "a.parquet", numbers_table(50), row_group_size=20)
    path = tmp_path / "b.parquet"
    with pq.ParquetWriter(path, numbers_table(0).schema) as writer:
        for n_rows in (3, 0, 4):
            writer.write_table(numbers_table(n_rows))
    second = fragment_at(path)
    listed = [(item.fragment, item.n_rows) for item in list_row_groups([second, first])]
    assert listed == [(second, 3), (second, 4), (first, 20), (first, 20), (first, 10)]
    for group in list_row_groups([second]):
        rows = read_records(second, 100, row_groups=[group.index])
        assert sum(batch.num_rows for batch in rows) == group.n_rows


@given(st.lists(st.integers(0, 25), max_size=8), st.integers(1, 30))
def test_rebatch_gives_exact_sizes(sizes: list[int], n_rows: int) -> None:
    """Rows are the same in order, and every batch but the last has exactly the size."""
    table = numbers_table(sum(sizes))
    got = list(rebatch(_pieces(table, sizes), n_rows))
    assert all(batch.num_rows == n_rows for batch in got[:-1])
    assert not got or 1 <= got[-1].num_rows <= n_rows
    assert_same_table(table, pa.Table.from_batches(got, table.schema))


@pytest.mark.parametrize(("n_rows", "n_taken"), [(5, 1), (10, 1), (15, 2)])
def test_rebatch_is_lazy(n_rows: int, n_taken: int) -> None:
    """A batch is given as soon as its rows are there: no more are held than one batch needs."""
    taken: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for index in range(5):
            taken.append(index)
            yield from numbers_table(10).to_batches()

    stream = rebatch(batches(), n_rows)
    assert next(stream).num_rows == n_rows
    assert len(taken) == n_taken


def test_rebatch_by_bytes() -> None:
    """A batch that takes so many bytes is given at once, but never one of more rows."""
    table = pa.table({"word": ["x" * 1000] * 30})
    got = list(rebatch(_pieces(table, [10, 0, 4, 16]), 25, 5000))
    assert [batch.num_rows for batch in got] == [10, 20]
    got = list(rebatch(_pieces(table, [2, 28]), 25, 5000))
    assert [batch.num_rows for batch in got] == [25, 5]
    shared = pa.table({"word": table["word"].combine_chunks().dictionary_encode()})
    got = list(rebatch(_pieces(shared, [10, 10, 10]), 25, 5000))
    assert [batch.num_rows for batch in got] == [25, 5]


def rows_at_once(fragment: Fragment, most: int) -> int:
    """Rows of a batch of `read_paced`."""
    with open_fragment(fragment) as file:
        return _rows_at_once(file, most)


def test_long_text_is_read_in_few_rows(tmp_path: Path) -> None:
    """Rows at a time are as many as asked for, unless values may be long or are."""
    numbers = write_fragment(tmp_path / "n.parquet", pa.table({"a": np.arange(5000.0)}))
    words = write_fragment(tmp_path / "w.parquet", pa.table({"a": ["x"] * 5000}))
    noise = np.random.default_rng(1)
    wide = pa.array([noise.bytes(1 << 20) for _ in range(20)])
    long = write_fragment(tmp_path / "l.parquet", pa.table({"a": wide}))
    assert rows_at_once(numbers, 1 << 17) == 1 << 17
    assert rows_at_once(words, 1 << 17) == 1 << 10
    assert rows_at_once(long, 1 << 17) <= 64
    empty = write_fragment(tmp_path / "e.parquet", pa.table({"a": pa.array([], pa.float64())}))
    assert rows_at_once(empty, 99) == 99


def test_rebatch_unifies_dictionaries() -> None:
    """Batches whose words have different dictionaries become one batch with the same words."""
    batches = [
        pa.record_batch({"word": pa.array(words).dictionary_encode()})
        for words in (["a", "b"], ["b", None], ["c"])
    ]
    (got,) = rebatch(batches, 10)
    assert got["word"].to_pylist() == ["a", "b", "b", None, "c"]


def _pieces(table: pa.Table, sizes: list[int]) -> Iterator[pa.RecordBatch]:
    """The table's rows in batches of these sizes, empty ones included."""
    start = 0
    for size in sizes:
        piece = table.slice(start, size).combine_chunks()
        yield from piece.to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
        start += size
