"""Finding, identifying and streaming the fragments of a dataset."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.errors import (
    AePipelineError,
    CorruptFragmentError,
    EmptySourceError,
    SourceNotFoundError,
)
from ae_pipeline.source import (
    Fragment,
    discover,
    fingerprint,
    list_row_groups,
    open_fragment,
    read_records,
    rebatch,
)
from tests.checks import assert_one_line, assert_same_table
from tests.tables import fragment_at, numbers_table, write_fragment

#: Files of six partitions, as they must be found.
ORDERED = tuple(
    f"{name}.pq" for name in ("a2", "a10", "b/1", "b/02", "b/10", "b2/1", "b10/1", "b/c/3", "é/1")
)


def touch(root: Path, *names: str) -> Path:
    """Files of one byte: discovery opens none of them."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def found(root: Path) -> list[str]:
    """Relative paths of the fragments, in order."""
    return [fragment.relative for fragment in discover(root).fragments]


def read_all(fragment: Fragment) -> pa.Table:
    """All rows, the way the pipeline reads them."""
    list_row_groups([fragment])
    return pa.Table.from_batches(rebatch(read_records(fragment, 16), 16))


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


# Discovery


def test_numbers_are_ordered_as_numbers(tmp_path: Path) -> None:
    """part-2 comes before part-10 and day=9 before day=10, each partition in one stretch."""
    names = [
        "part-1.parquet",
        "part-2.parquet",
        "part-10.parquet",
        "day=9/part-2.parquet",
        "day=9/part-10.parquet",
        "day=10/part-1.parquet",
        "day=10/hour=1/part-1.parquet",
        "month=01/part-1.parquet",
        "month=1/part-1.parquet",
    ]
    touch(tmp_path, *reversed(names))
    order = found(tmp_path)
    assert order.index("day=9/part-10.parquet") < order.index("day=10/part-1.parquet")
    assert [name for name in order if name.startswith("day=9")] == names[3:5]
    assert [name for name in order if "/" not in name] == names[:3]
    assert sorted(order) == sorted(names)


@given(st.permutations(ORDERED))
def test_order_does_not_depend_on_creation(workshop: Path, names: list[str]) -> None:
    """The order of fragments is a matter of names, and a partition is never interrupted."""
    with tempfile.TemporaryDirectory(dir=workshop) as folder:
        assert tuple(found(touch(Path(folder), *names))) == ORDERED


def test_partition_of_a_fragment(tmp_path: Path) -> None:
    """A fragment's partition is the folders between root and file."""
    touch(tmp_path, "year=2013/month=05/a.parquet", "b.parquet")
    partitions = {item.relative: item.partition for item in discover(tmp_path).fragments}
    assert partitions == {"year=2013/month=05/a.parquet": "year=2013/month=05", "b.parquet": "."}


def test_hidden_names_are_skipped(tmp_path: Path) -> None:
    """Names that start with a dot or an underscore are no data, files and whole folders alike."""
    hidden = ["_SUCCESS", ".a.parquet", "_b.parquet", "_ae/c.parquet", ".tmp/day=1/d.parquet"]
    touch(tmp_path, "a.parquet", "day=1/_c.parquet", *hidden)
    assert found(tmp_path) == ["a.parquet"]
    assert discover(tmp_path).n_ignored == 0


def test_hidden_root_is_no_obstacle(tmp_path: Path) -> None:
    """Only names below the root decide; the root itself may be called anything."""
    assert found(touch(tmp_path / "_private", "a.parquet")) == ["a.parquet"]


def test_other_files_are_counted(tmp_path: Path) -> None:
    """Files that are not Parquet are left alone and counted."""
    names = ["a.parquet", "b.PQ", "c.parq", "readme.md", "data.csv", "x/notes", "d.parquet.gz"]
    source = discover(touch(tmp_path, *names))
    assert [item.relative for item in source.fragments] == ["a.parquet", "b.PQ", "c.parq"]
    assert source.n_ignored == 4
    assert source.size_bytes == 3


def test_single_file(tmp_path: Path) -> None:
    """One file is a dataset of one fragment, whatever its name and its neighbours."""
    touch(tmp_path, "table.data", "other.parquet")
    source = discover(str(tmp_path / "table.data"))
    assert (source.root, source.is_single_file, source.n_ignored) == (tmp_path, True, 0)
    assert source.fragments == (Fragment(tmp_path / "table.data", "table.data", 1),)


@pytest.mark.parametrize("name", ["missing", "file/below", "x" * 5000, "nul\0l"])
def test_nothing_there(tmp_path: Path, name: str) -> None:
    """A path to nothing, or that cannot be, is refused and named."""
    touch(tmp_path, "file")
    with pytest.raises(SourceNotFoundError) as caught:
        discover(tmp_path / name)
    assert_one_line(caught.value, "no such file or folder", str(tmp_path), "check the path")


@pytest.mark.parametrize(
    ("names", "got"),
    [([], "an empty folder"), (["a.csv", "b"], "2 other files"), (["_a.parquet"], "empty")],
)
def test_no_parquet(tmp_path: Path, names: list[str], got: str) -> None:
    """A folder without Parquet files is refused with what it holds instead."""
    with pytest.raises(EmptySourceError) as caught:
        discover(touch(tmp_path, *names))
    assert_one_line(caught.value, str(tmp_path), ".parquet", got)


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    """A linked folder is part of the dataset; a link back to a folder above is read once."""
    root = touch(tmp_path / "root", "a.parquet")
    touch(tmp_path / "elsewhere", "b.parquet")
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "circle").symlink_to(root)
    (root / "above").symlink_to(tmp_path)
    assert found(root) == ["a.parquet", "linked/b.parquet"]


def test_broken_link(tmp_path: Path) -> None:
    """A fragment that is a link to nothing is refused, not skipped: its rows would be lost."""
    touch(tmp_path, "a.parquet")
    (tmp_path / "b.parquet").symlink_to(tmp_path / "gone")
    with pytest.raises(SourceNotFoundError, match=r"b\.parquet"):
        discover(tmp_path)


def test_name_that_is_no_text(tmp_path: Path) -> None:
    """A file name that is no UTF-8 is refused in a message that can be printed."""
    with open(os.fsencode(tmp_path) + b"/\xff.parquet", "wb"):
        pass
    with pytest.raises(SourceNotFoundError) as caught:
        discover(tmp_path)
    str(caught.value).encode()


# Fingerprints


@pytest.fixture
def fragment(tmp_path: Path) -> Fragment:
    """A fragment in a dataset of its own."""
    write_fragment(tmp_path / "data" / "day=1" / "part-0.parquet", numbers_table(500))
    return discover(tmp_path / "data").fragments[0]


def test_fingerprint_is_stable(fragment: Fragment, tmp_path: Path) -> None:
    """Reading again, touching and copying the dataset elsewhere leave the fingerprint alone."""
    before = fingerprint(fragment)
    os.utime(fragment.path, (1, 1))
    assert fingerprint(fragment) == before
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert fingerprint(discover(tmp_path / "copy").fragments[0]) == before
    assert len(before) == 32
    assert int(before, 16) >= 0


def test_fingerprint_knows_the_path(fragment: Fragment) -> None:
    """The same file at another place in the dataset is another fragment."""
    moved = Fragment(fragment.path, "day=2/part-0.parquet", fragment.size_bytes)
    assert fingerprint(moved) != fingerprint(fragment)


def test_fingerprint_knows_the_content(fragment: Fragment) -> None:
    """Other values, one other value, other rows and one more byte are other fragments."""
    table = numbers_table(500)
    one_other = table.set_column(1, "a", pa.array([99.0, *table["a"].to_pylist()[1:]]))
    seen = {fingerprint(fragment)}
    for other in (numbers_table(500, seed=1), one_other, table.slice(1)):
        pq.write_table(other, fragment.path)
        seen.add(fingerprint(fragment))
    fragment.path.write_bytes(fragment.path.read_bytes() + b"\0")
    seen.add(fingerprint(fragment))
    assert len(seen) == 5


def test_fingerprint_of_a_large_file(tmp_path: Path) -> None:
    """Of a large file the ends, the footer and pages between them are read."""
    n_bytes = 1 << 20
    footer = b"f" * 1000 + (1000).to_bytes(4, "little") + b"PAR1"
    path = tmp_path / "a.parquet"
    seen = set()
    for place in (None, 0, n_bytes // 2, n_bytes - 1, n_bytes + 500):
        content = bytearray(b"x" * n_bytes + footer)
        if place == n_bytes // 2:
            content[place - n_bytes // 15 : place + n_bytes // 15] = b"y" * (2 * (n_bytes // 15))
        elif place is not None:
            content[place] = ord("y")
        path.write_bytes(content)
        seen.add(fingerprint(fragment_at(path)))
    assert len(seen) == 5


@pytest.mark.parametrize("content", [b"", b"P", b"PAR1", b"\xff" * 8, b"\xff" * 12])
def test_fingerprint_of_a_stub(tmp_path: Path, content: bytes) -> None:
    """A file shorter than its footer claims has a fingerprint; reading it tells what is wrong."""
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    assert len(fingerprint(fragment_at(path))) == 32


def test_fragment_that_is_gone(fragment: Fragment) -> None:
    """A fragment that was removed after discovery is named as not found by every reader."""
    fragment.path.unlink()
    for attempt in (fingerprint, read_all):
        with pytest.raises(SourceNotFoundError) as caught:
            attempt(fragment)
        assert_one_line(caught.value, str(fragment.path))


# Damage


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
