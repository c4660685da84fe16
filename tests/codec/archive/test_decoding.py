"""Hostile blocks and tables of whole tables: a named error or columns, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, load_archive_codec
from ae_pipeline.codec.archive.table import MOST_ITEMS
from ae_pipeline.coding import (
    BlockStreams,
    State,
    SubStream,
    pack_integers,
    prefixed,
    read_block,
    varint,
)
from ae_pipeline.errors import AePipelineError
from ae_pipeline.formats.block_records import BLOCK_COLUMN, damage_in
from tests.support.codec.tables import table_codec
from tests.support.faults.apart import limit_space, run_apart
from tests.support.golden.case import integers
from tests.support.golden.reading import GOLDEN

MAPPINGS, CELLS = "archive-4.0/mappings", "archive-4.0/cells"
#: Zstandard reserves the window of a frame, and Arrow what a frame of its own claims.
SPACE = 1 << 30


def golden_codec(name: str) -> ArchiveCodec:
    """The codec of a golden archive."""
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    return load_archive_codec(folder)


def golden_block(name: str) -> bytes:
    """The first block of a golden archive."""
    path = GOLDEN / name / "dataset/day=1/part-0.parquet"
    return pq.ParquetFile(path).read(columns=[BLOCK_COLUMN])[BLOCK_COLUMN][0].as_py()


def damaged(content: bytes, n_ways: int) -> Iterator[bytes]:
    """Some bytes wrong, put in or left out."""
    for draws in integers(11, 3 * n_ways, 1 << 30).reshape(-1, 3).tolist():
        place, way = draws[0] % max(len(content), 1), draws[1] % 4
        put = (draws[2] % (1 << 24)).to_bytes(3, "little")[: 1 + draws[1] % 3]
        end = place + (len(put) if way < 2 else way - 2)
        yield content[:place] + put + content[end:]


def complaint_about(codec: ArchiveCodec, content: bytes) -> str:
    """Empty if a block decodes to columns of its types, or there is a named error."""
    try:
        with damage_in("a fragment", 0):
            for name, column in codec.decode(content, 64).items():
                if column.type != codec.schema.arrow.field(name).type:
                    return f"{name} is {column.type}"
    except AePipelineError:
        return ""
    except Exception as error:  # whatever else there is, is what we look for
        return f"{type(error).__name__}: {error}"
    return ""


def decode_damaged(name: str) -> Iterator[str]:
    """Decode a block whose streams and directory are wrong and whose checksum is right."""
    codec, content = golden_codec(name), golden_block(name)
    limit_space(SPACE)
    for number, body in enumerate(damaged(content[4:], 1500)):
        checked = zlib.crc32(body).to_bytes(4, "little") + body
        complaint = complaint_about(codec, checked)
        if complaint:
            yield f"{number}: {complaint}"


def decode_with_damaged_table(name: str) -> Iterator[str]:
    """Decode a block by a table model that somebody changed, of the id that belongs to it."""
    codec, content = golden_codec(name), golden_block(name)
    assert codec.table is not None
    limit_space(SPACE)
    for number, model in enumerate(damaged(codec.table.content, 1500)):
        forged = replace(codec, table=replace(codec.table, content=model))
        complaint = complaint_about(forged, content)
        if complaint:
            yield f"{number}: {complaint}"


@pytest.mark.parametrize("name", [MAPPINGS, CELLS])
def test_damaged_blocks(name: str) -> None:
    """Whatever the bytes of a block are, there are columns of its types or a named error."""
    assert run_apart(decode_damaged, name) == []


@pytest.mark.parametrize("name", [MAPPINGS, CELLS])
def test_damaged_tables(name: str) -> None:
    """Whatever a table model says, a block decodes to columns of its types or a named error."""
    assert run_apart(decode_with_damaged_table, name) == []


def lists_block() -> tuple[ArchiveCodec, BlockStreams, pa.Array]:
    """A column of lists, and a block of it without models."""
    lists = pa.array([[1, 2], [], [3]] * 10, pa.list_(pa.int64()))
    codec = table_codec(np.random.default_rng(0), pa.table({"x": lists}))
    assert codec.table is not None
    codec = replace(codec, table=codec.table.without_model())
    return codec, codec.encode(pa.record_batch({"x": lists})), lists


def forged(block: BlockStreams, **changes: object) -> bytes:
    """The block with its mapped column changed."""
    (mapped,) = block.mapped
    return replace(block, mapped=(replace(mapped, **changes),)).to_bytes()


@pytest.mark.parametrize("length", [-1, 1 << 62, MOST_ITEMS // 30 + 1, -(1 << 63)])
def test_forged_lengths(length: int) -> None:
    """Lengths that are negative, or of more items than any block has, are refused."""
    codec, block, _ = lists_block()
    (mapped,) = block.mapped
    lengths = SubStream(pack_integers(np.full(30, length)), False)
    content = forged(block, substreams=(lengths, *mapped.substreams[1:]))
    with pytest.raises(ValueError, match="lengths of lists"):
        codec.decode(content, MOST_ROWS)


def test_forged_states() -> None:
    """A state that does not exist is refused; so are integers where a side belongs."""
    codec, block, lists = lists_block()
    assert codec.decode(block.to_bytes(), MOST_ROWS)["x"].equals(lists)
    absent = forged(block, state=State.ABSENT, substreams=())
    assert codec.decode(absent, MOST_ROWS) == {}
    whole = forged(block, state=State.WHOLE, side=b"\6", substreams=())
    with pytest.raises(ValueError, match="packed column"):
        codec.decode(whole, MOST_ROWS)
    body = bytearray(block.to_bytes()[4:])
    body[2] = 4
    with pytest.raises(ValueError, match="State"):
        codec.decode(zlib.crc32(body).to_bytes(4, "little") + bytes(body), MOST_ROWS)


@pytest.mark.parametrize(
    "side",
    [
        prefixed([b"\1" + (1 << 31).to_bytes(4, "little") + b"\0\1"]),
        prefixed([b""]) + varint(2 * (1 << 60)),
        prefixed([b""]) + varint(1) + b"\0",
        prefixed([b""]) + varint(0) + b"more",
    ],
    ids=["positions", "length", "no column", "more"],
)
def test_forged_sides(side: bytes) -> None:
    """A side of a list that claims too much, or says something else, is refused."""
    codec, block, _ = lists_block()
    with pytest.raises(ValueError, match=r"\w"):
        codec.decode(forged(block, state=State.WITH_SIDE, side=side), MOST_ROWS)


def test_streams_of_a_model_that_is_not_there() -> None:
    """A stream of the table model is refused if the codec has no model of the sub-column."""
    codec, block, _ = lists_block()
    (mapped,) = block.mapped
    streams = tuple(SubStream(one.content, True) for one in mapped.substreams)
    with pytest.raises(ValueError, match="no model"):
        codec.decode(forged(block, substreams=streams), MOST_ROWS)


def test_directories_that_end_too_soon() -> None:
    """Every block that is cut short is refused, whatever its checksum says."""
    codec, block, _ = lists_block()
    body = block.to_bytes()[4:]
    for length in range(len(body)):
        cut = body[:length]
        with pytest.raises(ValueError, match=r"\w"):
            codec.decode(zlib.crc32(cut).to_bytes(4, "little") + cut, MOST_ROWS)
    assert read_block(block.to_bytes(), 0, 0, MOST_ROWS, [2]) == block
