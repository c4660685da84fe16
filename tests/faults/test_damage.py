"""Damaged and forged fragments: a named error or the right values, never a crash, hang or guess."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, load_archive_codec
from ae_pipeline.coding import (
    BlockStreams,
    ColumnStreams,
    Method,
    pack_integers,
    read_block,
    varint,
)
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.upkeep import footer_of
from ae_pipeline.verbs import decode, encode, inspect, verify
from tests.support.codec.archives import make_codec
from tests.support.faults.apart import (
    BLOCK_RESIDENT,
    BLOCK_SPACE,
    BYTES_PER_VALUE,
    FRAGMENT_SPACE,
    complaint_of,
    limit_space,
    run_apart,
)
from tests.support.faults.damage import bits, cuts, drawn, flips
from tests.support.faults.damaged_archives import (
    N_FEATURES,
    N_LATENT,
    N_ROWS,
    PART,
    block_of,
    codec_folder,
    is_same,
    read_part,
    small_table,
    write_archive,
)
from tests.support.golden.case import integers
from tests.support.jobs.processes import peak_memory

OF_TABLES = {Method.TABLE, Method.MAPPED}
WAYS = {way.__name__: way for way in (flips, bits, drawn, cuts)}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive; nobody may change it."""
    return write_archive(tmp_path_factory.mktemp("damage"))


def read_damaged(archive: str, folder: str, kind: str) -> Iterator[str]:
    """Read a fragment damaged in every way of a kind; complain of what is no named error."""
    format = ArchiveFormat(load_archive_codec(codec_folder(Path(archive))))
    expected = read_part(format, Path(archive) / PART)
    limit_space(FRAGMENT_SPACE)
    for number, content in enumerate(WAYS[kind]((Path(archive) / PART).read_bytes())):
        path = Path(folder) / f"{number}.parquet"
        path.write_bytes(content)
        complaint = complaint_of(lambda path=path: is_same(read_part(format, path), expected))
        if complaint:
            yield f"{kind} {number}: {complaint}"
        path.unlink()


def describe_damaged(source: str, archive: str, verb: str) -> Iterator[str]:
    """Have a verb look at every damaged footer; complain of what is no named error."""
    path = Path(archive) / PART
    whole = path.read_bytes()
    for number, content in enumerate(footers(whole)):
        path.write_bytes(content)
        complaint = complaint_of(lambda: looks_at(source, archive, verb))
        if complaint:
            yield f"{verb} {number}: {complaint}"
        path.unlink()


def looks_at(source: str, archive: str, verb: str) -> bool:
    """Whether a verb got through, with a failure by name or without."""
    if verb == "inspect":
        return inspect(archive).facts["fragments"] == 1
    if footer_of(Path(archive) / PART) is None:
        return True  # encode would write it anew, which takes long
    report = encode(EncodeJob(source=source, archive=archive))
    return len(report.fragments) + len(report.failures) == 1


def footers(content: bytes) -> Iterator[bytes]:
    """Every byte of the footer of a Parquet file 0, and 255."""
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for position in range(start, len(content)):
        for value in (b"\0", b"\xff"):
            yield content[:position] + value + content[position + 1 :]


def decode_forged(archive: str) -> Iterator[str]:
    """Decode forged blocks; complain of what is neither a ValueError nor whole columns."""
    codec = load_archive_codec(codec_folder(Path(archive)))
    block = block_of(Path(archive))
    classed = in_classes(block).to_bytes()
    for content in (block, classed):
        codec.decode(content, N_ROWS)
    forged = [*_forged_bytes(block[4:]), *_forged_bytes(classed[4:]), *_forged_claims(codec, block)]
    before = peak_memory()
    limit_space(BLOCK_SPACE)
    for number, content in enumerate(forged):
        try:
            columns = codec.decode(content, N_ROWS)
            for column in columns.values():
                column.validate(full=True)
        except ValueError:
            continue
        except Exception as error:  # whatever else there is, is what we look for
            yield f"{number}: {type(error).__name__}: {error}"
    growth = peak_memory() - before
    if growth > BLOCK_RESIDENT:
        yield f"{growth} bytes of memory"


def in_classes(content: bytes) -> BlockStreams:
    """A block whose predicted columns, and one that is corrected, are in classes; one is empty."""
    block = read_block(content, N_FEATURES, N_LATENT, N_ROWS)
    columns = list(block.columns)
    number = [column.method for column in columns].index(Method.NETWORK_RESIDUALS)
    for place, column in enumerate(columns):
        if column.method is Method.LINEAR_RESIDUALS or place == number:
            is_corrected = column.method is Method.NETWORK_RESIDUALS
            method = Method.NETWORK_CONTEXTS if is_corrected else Method.LINEAR_CONTEXTS
            columns[place] = replace(column, method=method, main=_one_class(column.main))
    return replace(block, columns=tuple(columns))


def _one_class(stream: bytes) -> bytes:
    """All values in the first of two classes."""
    return varint(1) + varint(2 << 40) + varint(len(stream)) + varint(0) + stream


def _forged_bytes(body: bytes) -> Iterator[bytes]:
    """Every byte wrong in several ways, cuts and drawn changes; their checksums are right."""
    changed = [bytearray(body) for _ in range(9 * len(body))]
    for number, content in enumerate(changed):
        position, way = divmod(number, 9)
        content[position] ^= 0xFF if way == 8 else 1 << way
    drawn = integers(1, 4000, len(body) * 256).reshape(-1, 4)
    for draws in drawn.tolist():
        content = bytearray(body)
        for draw in draws:
            content[draw // 256] = draw % 256
        changed.append(content)
    yield from (_sealed(bytes(content)) for content in changed)
    yield from map(_sealed, cuts(body))


def _sealed(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "little") + body


def _forged_claims(codec: ArchiveCodec, content: bytes) -> Iterator[bytes]:
    """Blocks of a few bytes that claim to hold much."""
    block = read_block(content, N_FEATURES, N_LATENT, N_ROWS)
    for column in forged_columns().values():
        yield replace(block, columns=(column, *block.columns[1:])).to_bytes()
    yield replace(block, n_rows=1 << 60).to_bytes()
    many = pack_integers(integers(5, MOST_ROWS, 99))
    yield replace(block, codes=(many, many)).to_bytes()


def forged_columns() -> dict[str, ColumnStreams]:
    """A column's streams that claim more than the rows of a block."""
    ones, many = b"\0\1", pack_integers(integers(5, MOST_ROWS, 99))
    bomb = pa.compress(bytes(1 << 26), codec="zstd", asbytes=True)
    magic, run = struct.pack("<I", 0xFD2FB528), (8 << 3 | 3).to_bytes(3, "little") + b"\xff"
    endless = magic + b"\xe0" + (1 << 40).to_bytes(8, "little") + run
    return {
        "bitmap of 64 MiB": ColumnStreams(Method.DIRECT, ones, b"\0" + bomb),
        "bitmap of 1 TiB": ColumnStreams(Method.DIRECT, ones, b"\0" + endless),
        "window of 128 MiB": ColumnStreams(Method.DIRECT, ones, b"\0" + magic + b"\0\x88" + run),
        "window of 2 TiB": ColumnStreams(Method.DIRECT, ones, b"\0" + magic + b"\0\xf8" + run),
        "nulls beyond count": ColumnStreams(Method.DIRECT, ones, b"\1\xff\xff\xff\xff\0\1"),
        "many exact values": ColumnStreams(
            Method.DIRECT, ones, positions=b"\xff\xff\xff\x7f\0\1", exact=b"\0" + bytes(8)
        ),
        "many integers": ColumnStreams(Method.DIRECT, many),
        "many numbers": ColumnStreams(Method.LOSSLESS, b"\4" + many[1:]),
        "many distances": ColumnStreams(Method.LINEAR_RESIDUALS, many),
        "distances and no predictor": ColumnStreams(Method.LINEAR_RESIDUALS, ones),
        "corrections and no network": ColumnStreams(Method.NETWORK_RESIDUALS, ones),
        "classes and no predictor": ColumnStreams(Method.LINEAR_CONTEXTS, b"\1\0\2\2" + 2 * ones),
        "many in a class": ColumnStreams(Method.NETWORK_CONTEXTS, _one_class(many)),
        "many classes": ColumnStreams(Method.NETWORK_CONTEXTS, varint(1 << 40) + bytes(9)),
        "few integers": ColumnStreams(Method.DIRECT, pack_integers(integers(5, 9, 99))),
    }


def test_sample_has_every_stream(archive: Path) -> None:
    """What is damaged below has codes, all methods of so few rows, validity and exact values."""
    block = read_block(block_of(archive), N_FEATURES, N_LATENT, N_ROWS)
    assert len(block.codes) == N_LATENT
    both = (*block.columns, *in_classes(block_of(archive)).columns)
    assert {column.method for column in both} == set(Method) - OF_TABLES - {Method.SERIES}
    assert any(column.validity for column in block.columns)
    assert any(column.positions and column.exact for column in block.columns)


@pytest.mark.parametrize("kind", ["flips", "bits", "drawn", "cuts"])
def test_damaged_fragment(archive: Path, tmp_path: Path, kind: str) -> None:
    """A wrong byte or a lost end is a named error or changes nothing, wherever it is."""
    assert run_apart(read_damaged, archive, tmp_path, kind) == []


@pytest.mark.parametrize("verb", ["inspect", "encode"])
def test_damaged_footer(archive: Path, own_archive: Path, verb: str) -> None:
    """Whatever a footer says of its columns, inspect and encode go on or name what is wrong."""
    assert run_apart(describe_damaged, archive.parent / "source", own_archive, verb) == []


def test_forged_blocks(archive: Path) -> None:
    """Blocks with right checksums and wrong content raise ValueError, in bounded memory."""
    assert run_apart(decode_forged, archive) == []


@pytest.mark.parametrize("name", forged_columns())
def test_claims_are_refused(name: str) -> None:
    """A stream that claims more values than the block has rows is refused."""
    codec = make_codec(pa.schema([("x", pa.float64())]), 1.0)
    content = BlockStreams(N_ROWS, (), (forged_columns()[name],)).to_bytes()
    if name == "window of 128 MiB":  # the largest that Zstandard allows, and it holds 60 rows
        assert codec.decode(content, N_ROWS)["x"].null_count == 0
        return
    with pytest.raises(ValueError, match=r"."):
        codec.decode(content, N_ROWS)


@pytest.mark.parametrize("method", OF_TABLES)
def test_a_method_of_tables(method: Method) -> None:
    """A column of a table model is damage where the codec has none."""
    codec = make_codec(pa.schema([("x", pa.float64())]), 1.0)
    content = BlockStreams(N_ROWS, (), (ColumnStreams(method, b""),)).to_bytes()
    with pytest.raises(ValueError, match="the codec has none"):
        codec.decode(content, N_ROWS)


@pytest.mark.parametrize("method", range(max(Method) + 1, 16))
def test_unknown_method(method: int) -> None:
    """A method that this version does not know is damage, whatever else is in the block."""
    codec = make_codec(pa.schema([("x", pa.float64())]), 1.0)
    column = ColumnStreams(Method.DIRECT, b"\0\1")
    body = bytearray(BlockStreams(N_ROWS, (), (column,)).to_bytes()[4:])
    body[2] = method
    with pytest.raises(ValueError, match="Method"):
        codec.decode(_sealed(bytes(body)), N_ROWS)


def test_far_distances(archive: Path) -> None:
    """Distances that no cell is from another decode to something, the same each time."""
    codec = load_archive_codec(codec_folder(archive))
    block = read_block(block_of(archive), N_FEATURES, N_LATENT, N_ROWS)
    for far in (-(1 << 63), (1 << 63) - 1):
        main = b"\0" + far.to_bytes(8, "little", signed=True)
        distances = ColumnStreams(Method.LINEAR_RESIDUALS, main)
        content = replace(block, columns=(distances,) * N_FEATURES).to_bytes()
        first, second = codec.decode(content, N_ROWS), codec.decode(content, N_ROWS)
        assert is_same(pa.table(first), pa.table(second))


def test_memory_of_a_block(archive: Path) -> None:
    """Decoding takes at most 64 bytes per value on top of the block and the weights."""
    codec, n_rows = load_archive_codec(codec_folder(archive)), 50_000
    records = small_table(n_rows).combine_chunks().to_batches()[0]
    content = codec.encode(records).to_bytes()
    tracemalloc.start()
    codec.decode(content, n_rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BYTES_PER_VALUE * n_rows * len(codec.columns) + (1 << 20)


@pytest.mark.parametrize("kind", [pa.timestamp("ms", "Europe/Prague"), pa.string()])
def test_kept_column_of_another_type(own_archive: Path, kind: pa.DataType) -> None:
    """A kept column that the file has in another type is damage; nothing is cast in silence."""
    path = own_archive / PART
    metadata, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
    number = table.column_names.index("when")
    own = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    table = table.set_column(number, "when", table["when"].cast(kind, safe=False))
    pq.write_table(table.replace_schema_metadata(own), path)
    format = ArchiveFormat(load_archive_codec(codec_folder(own_archive)))
    with pytest.raises(CorruptFragmentError, match="when"):
        read_part(format, path)


BLOCKS = {
    "integer": pa.array([1] * N_ROWS),
    "float": pa.array([0.5] * N_ROWS),
    "text": pa.array(["x"] * N_ROWS),
    "list": pa.array([[1]] * N_ROWS),
    "null": pa.nulls(N_ROWS),
    "large binary": pa.array([b"x"] + [None] * (N_ROWS - 1), pa.large_binary()),
    "none": pa.nulls(N_ROWS, pa.binary()),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_block_of_another_type(own_archive: Path, tmp_path: Path, name: str) -> None:
    """A block column that is not binary, or empty, is damage to decode, too."""
    message = decode_blocks(own_archive, tmp_path, BLOCKS[name])
    assert "encoded block is damaged" in message


@pytest.mark.parametrize("place", [1, N_ROWS - 1])
def test_block_in_another_row(own_archive: Path, tmp_path: Path, place: int) -> None:
    """A row group has its block in the first row alone."""
    blocks: list[bytes | None] = [block_of(own_archive)] + [None] * (N_ROWS - 1)
    blocks[place] = blocks[0]
    assert "first row alone" in decode_blocks(own_archive, tmp_path, pa.array(blocks, pa.binary()))


def decode_blocks(archive: Path, folder: Path, blocks: pa.Array) -> str:
    """What decode says of a fragment whose blocks are replaced."""
    path = archive / PART
    metadata, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
    own = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    table = table.drop_columns("ae:block").append_column("ae:block", blocks)
    pq.write_table(table.replace_schema_metadata(own), path)
    report = decode(DecodeJob(archive=str(archive), decoded=str(folder / "decoded")))
    (failure,) = report.failures
    return failure.message


@pytest.mark.parametrize("n_rows", [0, N_ROWS - 1, N_ROWS + 1])
def test_another_number_of_rows(tmp_path: Path, n_rows: int) -> None:
    """A block that has not the rows of its row group is damage, not a shorter table."""
    archive = write_archive(tmp_path, kept=())
    codec = load_archive_codec(codec_folder(archive))
    (records,) = small_table(N_ROWS + 1, ()).combine_chunks().to_batches()
    replace_block(archive / PART, codec.encode(records[:n_rows]).to_bytes(), N_ROWS)
    (failure,) = verify(VerifyJob(archive=str(archive))).failures
    assert failure.relative == PART


def test_row_group_beyond_the_limit(tmp_path: Path) -> None:
    """Row groups larger than a writer makes are refused before anything is decoded."""
    archive, n_rows = write_archive(tmp_path, kept=()), MOST_ROWS + 1
    codec = load_archive_codec(codec_folder(archive))
    ones = ColumnStreams(Method.DIRECT, b"\0\1")
    content = BlockStreams(n_rows, (), (ones,) * len(codec.columns)).to_bytes()
    replace_block(archive / PART, content, n_rows)
    (failure,) = verify(VerifyJob(archive=str(archive))).failures
    assert str(n_rows) in failure.message


def replace_block(path: Path, content: bytes, n_rows: int) -> None:
    """A fragment without kept columns that has this block in one row group of `n_rows`."""
    metadata = pq.read_metadata(path).metadata
    own = {key: value for key, value in metadata.items() if key.startswith(b"ae:")}
    blocks = pa.array([content] + [None] * (n_rows - 1), pa.binary())
    table = pa.table({"ae:block": blocks}).replace_schema_metadata(own)
    pq.write_table(table, path, row_group_size=n_rows, use_dictionary=False)
