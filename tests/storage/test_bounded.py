"""Files of a few hundred bytes that claim gigabytes: refused, or read a little at a time."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.blocks import cut, leaves, weight_of
from ae_pipeline.codec.archive import MOST_ROWS
from ae_pipeline.coding import varint
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import DecodeJob, VerifyJob
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import AePipelineError, CorruptFragmentError
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.parquet import find_chunks, read_claim
from ae_pipeline.storage import Footer, read_bounded
from ae_pipeline.verbs import decode, verify
from tests.support.codec.archives import make_codec
from tests.support.codec.features import hand_set_codec, hand_set_table
from tests.support.data.datasets import mixed_table
from tests.support.faults.apart import limit_space, run_apart
from tests.support.faults.damaged_archives import (
    PART,
    block_of,
    is_same,
    small_codec,
    small_table,
    write_archive,
)
from tests.support.jobs.processes import peak_memory

#: What reading a forged file may take: a batch, its pages, and the copy of them in a dictionary.
SPACE = 1 << 30
MIB = 1 << 20


def repeated(text: str | bytes, n_values: int) -> pa.Array:
    """One text as often as said, which takes hardly any memory."""
    return pa.DictionaryArray.from_arrays(np.zeros(n_values, np.int32), pa.array([text]))


def one_list(values: pa.Array) -> pa.Array:
    """All values in one row."""
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)


def write_forged(
    path: Path, table: pa.Table, keys: Mapping[bytes, bytes], **options: object
) -> None:
    """Write a table whose footer says nothing of its types but what is in `keys`."""
    options = {"dictionary_pagesize_limit": 1 << 30, "compression": "zstd", **options}
    with pq.ParquetWriter(path, table.schema, store_schema=False, **options) as writer:
        writer.write_table(table, row_group_size=len(table))
        writer.add_key_value_metadata(keys)


def read_as(kind: pa.DataType) -> dict[bytes, bytes]:
    """What the footer must say so that the column is read as one of this type."""
    message = pa.schema([("x", kind)]).serialize().to_pybytes()
    return {b"ARROW:schema": base64.b64encode(message)}


_LARGE = "y" * MIB
_FLOATS, _VECTOR = pa.list_(pa.float32()), pa.list_(pa.float32(), 1 << 18)
_PLAIN = {"use_dictionary": False}
#: Columns that take next to nothing stored, how to write them, and as what they are to be read.
BOMBS: dict[str, tuple[Callable[[], pa.Array], dict[str, object], pa.DataType | None]] = {
    "text": (lambda: repeated(_LARGE, MOST_ROWS), {}, None),
    "binary": (lambda: repeated(_LARGE.encode(), MOST_ROWS), {}, None),
    "text in a list": (lambda: one_list(repeated(_LARGE, MOST_ROWS)), {}, None),
    "text in a struct": (
        lambda: pa.StructArray.from_arrays([one_list(repeated(_LARGE, MOST_ROWS))], ["a"]),
        {},
        None,
    ),
    "vectors": (lambda: pa.nulls(1 << 14, _FLOATS), {}, _VECTOR),
    "vectors in a list": (lambda: one_list(pa.nulls(1 << 14, _FLOATS)), {}, pa.list_(_VECTOR)),
    "prefixes": (
        lambda: pa.array(["y" * 16_384] * 20_000),
        {**_PLAIN, "column_encoding": {"x": "DELTA_BYTE_ARRAY"}},
        None,
    ),
    "one text": (lambda: pa.array(["y" * (200 * MIB)]), _PLAIN, None),
}
REFUSED = set(BOMBS) - {"prefixes", "one text"}


def read_bomb(path: str) -> Iterator[str]:
    """Read a forged file in little memory; what became of it."""
    fragment, before = Fragment(Path(path), "p.parquet", 1), peak_memory()
    limit_space(4 * SPACE)  # a seat belt; Arrow reserves addresses that it does not use
    try:
        yield str(sum(map(len, read_bounded(fragment, 0, MOST_ROWS))))
    except AePipelineError as error:
        yield str(error)
    if peak_memory() - before > SPACE:
        yield f"{peak_memory() - before} bytes of memory"


@pytest.mark.parametrize("name", BOMBS)
def test_bombs(tmp_path: Path, name: str) -> None:
    """Columns that repeat long values are refused at once, or read in bounded memory."""
    make, options, kind = BOMBS[name]
    table, path = pa.table({"x": make()}), tmp_path / "p.parquet"
    keys = {} if kind is None else read_as(kind)
    write_forged(path, table, keys, write_statistics=False, **options)
    assert path.stat().st_size < 100_000
    (told,) = run_apart(read_bomb, path)
    assert told == str(len(table)) or name in REFUSED
    assert "claims to hold more" in told or name not in REFUSED


def test_many_items(tmp_path: Path) -> None:
    """Lists whose pages claim more items than fit are refused before anyone reads them."""
    n_items, claimed, path = (1 << 20) + 1, (1 << 27) - 1, tmp_path / "p.parquet"
    column = one_list(pa.nulls(n_items, pa.int64()))
    pq.write_table(pa.table({"x": column, "y": column}), path, use_dictionary=False)
    forged = path.read_bytes().replace(varint(2 * n_items), varint(2 * claimed))
    path.write_bytes(forged)
    with pytest.raises(CorruptFragmentError, match="claims to hold more"):
        list(read_bounded(Fragment(path, "p.parquet", 1), 0, MOST_ROWS))


def forged_archive(root: Path, columns: dict[str, pa.Array]) -> Path:
    """An archive whose kept columns were replaced, its footer and its block as they were."""
    archive = write_archive(root, kept=tuple(columns))
    path = archive / PART
    metadata, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
    own = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    write_forged(path, table, own, write_statistics=False)
    return archive


def decode_apart(archive: str) -> Iterator[str]:
    """What decode and verify say of the forged fragment of an archive."""
    before = peak_memory()
    limit_space(4 * SPACE)
    job = DecodeJob(archive=archive, decoded=f"{archive}-decoded")
    yield from (failure.message for failure in decode(job).failures)
    yield from (failure.message for failure in verify(VerifyJob(archive=archive)).failures)
    if peak_memory() - before > SPACE:
        yield f"{peak_memory() - before} bytes of memory"


def test_forged_archive(tmp_path: Path) -> None:
    """Sixty rows of a text of 64 MiB, in a file of a few KB, fail by name in little memory."""
    archive = forged_archive(tmp_path, {"text": repeated("y" * (64 * MIB), 60)})
    assert (archive / PART).stat().st_size < 30_000
    messages = run_apart(decode_apart, archive)
    assert len(messages) == 2
    assert all("claims to hold more than fits" in message for message in messages)


def test_long_text_of_an_archive(tmp_path: Path) -> None:
    """What fits is decoded a few rows at a time, each with its own features."""
    archive = forged_archive(tmp_path, {"text": repeated("y" * (20 * MIB), 60)})
    codec = small_codec(small_table(60, ("text",)).schema)
    fragment = Fragment(archive / PART, PART, 1)
    batches = ArchiveFormat(codec).read(fragment, _footer(codec.id), MOST_ROWS)
    got = [records.drop_columns("text") for records in batches]
    assert max(map(len, got)) < 30
    expected = codec.decode(block_of(archive), 60)
    assert is_same(pa.Table.from_batches(got).combine_chunks(), pa.table(expected))


def _footer(codec_id: str) -> Footer:
    return Footer("archive", codec_id, "", 0)


@pytest.mark.parametrize("place", [0, 1, 20])
def test_block_in_a_later_batch(tmp_path: Path, place: int) -> None:
    """A block beside the first row is damage, in whatever batch of its row group it is."""
    archive = forged_archive(tmp_path, {"text": repeated("y" * (20 * MIB), 60)})
    path = archive / PART
    metadata, content = pq.read_metadata(path).metadata, block_of(archive)
    own = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    blocks = pa.array([content if row in (0, place) else None for row in range(60)], pa.binary())
    table = pq.read_table(path, partitioning=None, read_dictionary=["text"])
    table = table.drop_columns("ae:block").append_column("ae:block", blocks)
    write_forged(path, table, own)
    codec = small_codec(small_table(60, ("text",)).schema)
    batches = ArchiveFormat(codec).read(Fragment(path, PART, 1), _footer(codec.id), MOST_ROWS)
    if place:
        with pytest.raises(CorruptFragmentError, match="first row alone"):
            sum(map(len, batches))
    else:
        assert sum(map(len, batches)) == 60


def test_forged_features(tmp_path: Path) -> None:
    """Kept text of a features dataset that repeats without end is refused, too."""
    codec = hand_set_codec()
    rows = hand_set_table(range(60), range(60))
    schema = rows.schema.append(pa.field("note", pa.string()))
    codec = hand_set_codec(schema=TableSchema(schema, codec.schema.features))
    source = tmp_path / "source.parquet"
    pq.write_table(pa.table([*rows.columns, pa.array(["x"] * 60)], schema), source)
    format, path = FeaturesFormat(codec), tmp_path / "features.parquet"
    footer = Footer("features", codec.id, "", 0, format.extra)
    format.write(Fragment(source, "source.parquet", 1), path, footer, schema)
    fragment = Fragment(path, "features.parquet", 1)
    expected = pa.Table.from_batches(format.read(fragment, footer, MOST_ROWS))
    assert expected["note"].to_pylist() == ["x"] * 60
    table = pq.read_table(path)
    number = table.column_names.index("note")
    forged = table.set_column(number, "note", repeated("y" * (64 * MIB), 60))
    write_forged(path, forged, pq.read_metadata(path).metadata)
    with pytest.raises(CorruptFragmentError, match="claims to hold more"):
        list(format.read(fragment, footer, MOST_ROWS))


def test_claims_are_those_of_arrow(tmp_path: Path) -> None:
    """Headers are found in every chunk, whatever the encoding, the page version and statistics."""
    table = mixed_table(3).append_column("long", pa.array(["z" * 999 + str(n) for n in range(300)]))
    for version, statistics in (("1.0", True), ("2.0", False)):
        path = tmp_path / f"{version}.parquet"
        pq.write_table(
            table,
            path,
            row_group_size=70,
            data_page_size=100,
            data_page_version=version,
            write_statistics=statistics,
        )
        metadata = pq.read_metadata(path)
        with path.open("rb") as file:
            groups = find_chunks(file)
            for group, chunks in enumerate(groups):
                for number, chunk in enumerate(chunks):
                    expected = metadata.row_group(group).column(number)
                    claim = read_claim(file, chunk)
                    assert chunk.path == expected.path_in_schema
                    assert claim.n_values == expected.num_values
                    assert claim.is_by_number == ("RLE_DICTIONARY" in expected.encodings)
                    own = claim.page_bytes + claim.dictionary_bytes
                    assert own <= expected.total_uncompressed_size


def test_honest_rows_are_read_whole(tmp_path: Path) -> None:
    """Row groups of ordinary text, numbers, lists and structs come in batches as long as asked."""
    n_rows = 20_000
    words = [f"word {number % 5000}" for number in range(n_rows)]
    table = pa.table(
        {
            "word": words,
            "number": np.arange(n_rows) / 7,
            "list": [[word, word, None] for word in words],
            "struct": [{"a": word, "b": [1, 2]} for word in words],
            "map": pa.array([[(word, 1)] for word in words], pa.map_(pa.string(), pa.int8())),
            "vector": pa.array([[1.0, 2.0], None] * (n_rows // 2), pa.list_(pa.float32(), 2)),
            "category": pa.array(words).dictionary_encode(),
            "a.b": words,
        }
    )
    path = tmp_path / "p.parquet"
    pq.write_table(table, path)
    (batch,) = read_bounded(Fragment(path, "p.parquet", 1), 0, n_rows)
    assert pa.table(batch).to_pydict() == table.to_pydict()
    (batch,) = read_bounded(Fragment(path, "p.parquet", 1), 0, n_rows, ["a.b", "map"])
    assert batch.schema.names == ["a.b", "map"]


def test_writers_cut_row_groups(tmp_path: Path) -> None:
    """A source that repeats a text of a megabyte is encoded in row groups that readers accept."""
    n_rows = 300
    columns = {"x": np.arange(n_rows * 1.0), "text": repeated("y" * MIB, n_rows)}
    source, path = tmp_path / "source.parquet", tmp_path / "p.parquet"
    pq.write_table(pa.table(columns), source, store_schema=False)
    arrow = pq.read_schema(source)
    codec = replace(make_codec(arrow.remove(1), 0.5), schema=TableSchema(arrow, ("x",)))
    footer = _footer(codec.id)
    ArchiveFormat(codec).write(Fragment(source, "s", source.stat().st_size), path, footer, arrow)
    metadata = pq.read_metadata(path)
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert sum(sizes) == n_rows
    assert max(sizes) * MIB <= 256 * MIB
    rows = 0
    for records in ArchiveFormat(codec).read(Fragment(path, PART, 1), footer, MOST_ROWS):
        assert set(records["text"].to_pylist()) == {"y" * MIB}
        rows += len(records)
    assert rows == n_rows


def test_cut_keeps_the_rows() -> None:
    """Batches are cut to a weight, rows in order; items of lists count, whatever their bits."""
    lists = pa.array([[True] * 100] * 50)
    batch = pa.record_batch({"n": np.arange(50), "flags": lists})
    assert weight_of(batch) > 8 * 5000
    pieces = list(cut([batch], weight_of(batch) // 5))
    assert len(pieces) >= 5
    assert pa.Table.from_batches(pieces) == pa.table(batch)
    assert [len(leaf) for leaf in leaves(lists.slice(10, 3))] == [300]


def test_rows_that_nobody_could_read() -> None:
    """A row beyond the limit is refused by who would write it."""
    batch = pa.record_batch({"items": one_list(pa.nulls(1 << 27))})
    with pytest.raises(CorruptFragmentError, match="a row of more than 1 GiB"):
        list(cut([batch], MIB))
