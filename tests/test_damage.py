"""Damaged and forged archives: a named error or the right values, never a crash, hang or guess.

Whole loops over damaged bytes run in a process of their own with a limit on memory, so that a
crash of a library below us is one failure here and not the end of the tests.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline import decode, encode, inspect, verify
from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.codec import (
    MOST_ROWS,
    ArchiveCodec,
    ArchiveNetwork,
    load_archive_codec,
    save_archive_codec,
)
from ae_pipeline.codec.streams import BlockStreams, ColumnStreams, Method, read_block
from ae_pipeline.codec.varint import varint
from ae_pipeline.config import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.entropy import pack_integers
from ae_pipeline.errors import (
    AePipelineError,
    ConfigError,
    CorruptCodecError,
    CorruptFragmentError,
    UnsupportedFormatError,
)
from ae_pipeline.linear_predictor import MOST_TERMS, LinearPredictor
from ae_pipeline.pipeline.coders import require_footer
from ae_pipeline.pipeline.status import footer_of
from ae_pipeline.source import Fragment, discover, fingerprint, open_fragment, reading_errors
from ae_pipeline.storage import Footer, Marker, codec_directory, leaf_bytes, write_marker
from tests.archives import make_codec, ramp_network, random_network
from tests.golden_archives import (
    describe,
    echo_predictor,
    hand_set_network,
    integers,
    kept_columns,
    network_codec,
    predicted_table,
)

PART = "day=1/part-0.parquet"
N_ROWS, WINDOW = 60, 4
KEPT = ("when", "level")
MODEL_FILES = ("predictor.bin", "decoder.bin", "encoder.bin")
CODEC_FILES = {"codec.json", "history.json", *MODEL_FILES}
N_FEATURES, N_LATENT = 8, 2

#: Memory that reading a damaged fragment, and decoding a forged block, may take beyond the usual.
FRAGMENT_SPACE = 1 << 30
BLOCK_SPACE = 192 << 20  # of addresses; Zstandard reserves up to 128 MiB of it and uses little
BLOCK_RESIDENT = 48 << 20
BYTES_PER_VALUE = 64  # decoding a block, per row and column
BYTES_PER_WEIGHT, BYTES_OF_LAYERS = 16, 32 << 20


def small_table(n_rows: int, kept: tuple[str, ...] = KEPT) -> pa.Table:
    """Features that `small_codec` predicts but for a few, and kept columns."""
    features = predicted_table(hand_set_network(WINDOW), 3, n_rows)
    others = kept_columns(n_rows).select(kept)
    return pa.table([*features.columns, *others.columns], [*features.column_names, *kept])


def small_codec(arrow: pa.Schema) -> ArchiveCodec:
    """A network and a linear predictor, set by hand."""
    return network_codec(hand_set_network(WINDOW), echo_predictor(), arrow)


def write_archive(root: Path, footer_id: str | None = None, kept: tuple[str, ...] = KEPT) -> Path:
    """One fragment whose schema has metadata of its own, its codec and the marker."""
    source = root / "source" / PART
    source.parent.mkdir(parents=True)
    pq.write_table(small_table(N_ROWS, kept), source)
    codec, archive = small_codec(pq.read_schema(source)), root / "archive"
    (fragment,) = discover(root / "source").fragments
    own = codec.schema.arrow.with_metadata({"made by": "hand"})
    footer_id = codec.id if footer_id is None else footer_id
    footer = Footer("archive", footer_id, fingerprint(fragment), fragment.size_bytes)
    footer = footer.with_schema(own, codec.schema)
    ArchiveCoder(codec).write(fragment, archive / PART, footer, own)
    save_archive_codec(codec, codec_directory(archive, codec.id))
    write_marker(archive, Marker("archive", codec.id))
    return archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive; nobody may change it."""
    return write_archive(tmp_path_factory.mktemp("damage"))


@pytest.fixture
def own_archive(archive: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(archive, tmp_path / "own"))


def codec_folder(archive: Path) -> Path:
    """The one codec of an archive."""
    (folder,) = (archive / "_ae/codecs").iterdir()
    return folder


def block_of(archive: Path) -> bytes:
    """The one block of an archive."""
    return pq.read_table(archive / PART, columns=["ae:block"])["ae:block"][0].as_py()


def read_part(coder: ArchiveCoder, path: Path) -> pa.Table:
    """What decode does with a fragment, rows counted and bytes added up."""
    fragment = Fragment(path, PART, path.stat().st_size)
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = require_footer(metadata, fragment)
    if footer.codec_id != coder.codec_id:
        raise CorruptFragmentError("its codec is not at hand")
    batches = list(coder.read(fragment, footer, MOST_ROWS))
    table = pa.Table.from_batches(batches, footer.source_schema(coder.schema, PART))
    if len(table) != metadata.num_rows:
        raise CorruptFragmentError("row count differs from the file's")
    with reading_errors(fragment):
        coder.payload_bytes(leaf_bytes(path), footer)
    return table


def is_same(table: pa.Table, other: pa.Table) -> bool:
    """Whether all is the same, bit by bit: values, and schema with metadata."""
    return _serialized(table) == _serialized(other) or describe(table) == describe(other)


def _serialized(table: pa.Table) -> bytes:
    """Cheap to compare; but bitmaps that mark no null may be there or not."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def flips(content: bytes) -> Iterator[bytes]:
    """Every byte wrong in all bits, and in one."""
    for position in range(len(content)):
        for mask in (0xFF, 1 << position % 8):
            yield content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]


def bits(content: bytes) -> Iterator[bytes]:
    """Every bit wrong of what lies before the footer of a Parquet file."""
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for position in range(8 * footer):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        yield bytes(changed)


def drawn(content: bytes) -> Iterator[bytes]:
    """Any byte wrong in any way, one or three of them."""
    for draws in integers(7, 6000, 255 * len(content)).reshape(-1, 3).tolist():
        changed = bytearray(content)
        for draw in draws[: 1 if draws[0] % 2 else 3]:
            changed[draw // 255] ^= draw % 255 + 1
        yield bytes(changed)


def cuts(content: bytes) -> Iterator[bytes]:
    """Every length that is too short."""
    return (content[:length] for length in range(len(content)))


# Loops in processes of their own


def run_apart(name: str, *arguments: object) -> list[str]:
    """Call a function of this module in another process; the complaints that it returned."""
    code = f"import sys; from tests import test_damage; test_damage.main('{name}', *sys.argv[1:])"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def main(name: str, *arguments: str) -> None:
    """The other end of `run_apart`."""
    sys.stdout.write(json.dumps(list(globals()[name](*arguments))))


def limit_space(n_bytes: int) -> None:
    """Let this process have so many more bytes of addresses."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + n_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def peak_resident() -> int:
    """Most bytes of memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read_damaged(archive: str, folder: str, kind: str) -> Iterator[str]:
    """Read a fragment damaged in every way of a kind; complain of what is no named error."""
    coder = ArchiveCoder(load_archive_codec(codec_folder(Path(archive))))
    expected = read_part(coder, Path(archive) / PART)
    limit_space(FRAGMENT_SPACE)
    for number, content in enumerate(globals()[kind]((Path(archive) / PART).read_bytes())):
        path = Path(folder) / f"{number}.parquet"
        path.write_bytes(content)
        complaint = _complaint(lambda path=path: is_same(read_part(coder, path), expected))
        if complaint:
            yield f"{kind} {number}: {complaint}"
        path.unlink()


def describe_damaged(source: str, archive: str, verb: str) -> Iterator[str]:
    """Have a verb look at every damaged footer; complain of what is no named error."""
    path = Path(archive) / PART
    whole = path.read_bytes()
    for number, content in enumerate(footers(whole)):
        path.write_bytes(content)
        complaint = _complaint(lambda: looks_at(source, archive, verb))
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


def _complaint(is_right: Callable[[], bool]) -> str:
    """Empty if there was a named error, or what was read is right."""
    try:
        return "" if is_right() else "another value"
    except AePipelineError:
        return ""
    except Exception as error:  # whatever else there is, is what we look for
        return f"{type(error).__name__}: {error}"


def decode_forged(archive: str) -> Iterator[str]:
    """Decode forged blocks; complain of what is neither a ValueError nor whole columns."""
    codec = load_archive_codec(codec_folder(Path(archive)))
    block = block_of(Path(archive))
    codec.decode(block, N_ROWS)
    forged = [*_forged_bytes(block[4:]), *_forged_claims(codec, block)]
    before = peak_resident()
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
    growth = peak_resident() - before
    if growth > BLOCK_RESIDENT:
        yield f"{growth} bytes of memory"


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
        "many distances": ColumnStreams(Method.PREDICTED, many),
        "distances and no predictor": ColumnStreams(Method.PREDICTED, ones),
        "corrections and no network": ColumnStreams(Method.CORRECTED, ones),
        "few integers": ColumnStreams(Method.DIRECT, pack_integers(integers(5, 9, 99))),
    }


# Fragments


def test_sample_has_every_stream(archive: Path) -> None:
    """What is damaged below has codes, all methods, validity and exact values."""
    block = read_block(block_of(archive), N_FEATURES, N_LATENT, N_ROWS)
    assert len(block.codes) == N_LATENT
    assert {column.method for column in block.columns} == set(Method)
    assert any(column.validity for column in block.columns)
    assert any(column.positions and column.exact for column in block.columns)


@pytest.mark.parametrize("kind", ["flips", "bits", "drawn", "cuts"])
def test_damaged_fragment(archive: Path, tmp_path: Path, kind: str) -> None:
    """A wrong byte or a lost end is a named error or changes nothing, wherever it is."""
    assert run_apart("read_damaged", archive, tmp_path, kind) == []


@pytest.mark.parametrize("verb", ["inspect", "encode"])
def test_damaged_footer(archive: Path, own_archive: Path, verb: str) -> None:
    """Whatever a footer says of its columns, inspect and encode go on or name what is wrong."""
    assert run_apart("describe_damaged", archive.parent / "source", own_archive, verb) == []


def test_forged_blocks(archive: Path) -> None:
    """Blocks with right checksums and wrong content raise ValueError, in bounded memory."""
    assert run_apart("decode_forged", archive) == []


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


@pytest.mark.parametrize("method", range(4, 16))
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
        distances = ColumnStreams(Method.PREDICTED, b"\0" + far.to_bytes(8, "little", signed=True))
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
    coder = ArchiveCoder(load_archive_codec(codec_folder(own_archive)))
    with pytest.raises(CorruptFragmentError, match="when"):
        read_part(coder, path)


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


# Codecs


def load_damaged(folder: str) -> Iterator[str]:
    """Load a codec damaged in every way; complain of what is no named error and not the same."""
    expected = load_archive_codec(folder).id
    for path in sorted(Path(folder).iterdir()):
        whole = path.read_bytes()
        for number, content in enumerate([*flips(whole), *cuts(whole)]):
            path.unlink()  # to cut a file to nothing and fill it again would wait for the disk
            path.write_bytes(content)
            complaint = _complaint(lambda: load_archive_codec(folder).id == expected)
            if complaint:
                yield f"{path.name} {number}: {complaint}"
        path.write_bytes(whole)


def test_damaged_codec(own_archive: Path) -> None:
    """Damage to any file of a codec is a named error, or the codec is the same."""
    folder = codec_folder(own_archive)
    assert {path.name for path in folder.iterdir()} == CODEC_FILES
    assert run_apart("load_damaged", folder) == []


@pytest.mark.parametrize("kind", [flips, cuts])
def test_damaged_marker(own_archive: Path, kind: Callable[[bytes], Iterator[bytes]]) -> None:
    """Whatever the marker says, inspect raises named errors alone and verify does not care."""
    path = own_archive / "_ae/dataset.json"
    for content in kind(path.read_bytes()):
        path.write_bytes(content)
        try:
            assert inspect(str(own_archive)).facts["fragments"] == 1
        except AePipelineError:
            continue
    assert verify(VerifyJob(archive=str(own_archive))).failures == ()


def forge_tree(archive: Path, **changes: object) -> Path:
    """Change keys of `codec.json`; returns its folder."""
    folder = codec_folder(archive)
    tree = json.loads((folder / "codec.json").read_text())
    (folder / "codec.json").write_text(json.dumps({**tree, **changes}))
    return folder


TREES: dict[str, dict[str, object]] = {
    "features no list": {"features": 7},
    "a feature by number": {"features": [{"name": 99, "offset": 0, "tolerance": 1, "std": 1}]},
    "a feature that is text": {
        "features": [{"name": "level", "offset": 0, "tolerance": 1, "std": 1}]
    },
    "no feature of that name": {"features": [{"name": "?", "offset": 0, "tolerance": 1, "std": 1}]},
    "schema no text": {"schema": 7},
    "schema no message": {"schema": "AAAA"},
    "network no object": {"network": [1]},
    "no network": {"network": None},
    "predictor no object": {"predictor": [1]},
    "no predictor": {"predictor": None},
    "no number of terms": {"predictor": {}},
    "terms no number": {"predictor": {"n_terms": "many"}},
    "fewer terms": {"predictor": {"n_terms": 2}},
    "more terms": {"predictor": {"n_terms": 4}},
    "negative terms": {"predictor": {"n_terms": -1}},
    "many terms": {"predictor": {"n_terms": 1 << 25}},
    "huge terms": {"predictor": {"n_terms": 1 << 60}},
    "provenance no object": {"provenance": "?"},
    "id no text": {"id": 7},
}


@pytest.mark.parametrize("name", TREES)
def test_forged_tree(own_archive: Path, name: str) -> None:
    """JSON of another shape is a corrupt codec."""
    with pytest.raises(CorruptCodecError):
        load_archive_codec(forge_tree(own_archive, **TREES[name]))


WHOLE = {
    "source": "a",
    "fit_key": "b",
    "n_rows": 9,
    "training": {
        **{"epochs": 1, "steps": 1, "stop_reason": "steps", "best_epoch": 1},
        **{"start_loss": 1.0, "validation_loss": 1.0},
    },
    "plan": [
        {"name": "c", "payload_bytes": 9, "model_bytes": 0, "seconds": 1.0, "is_chosen": False},
        {"name": "d", "payload_bytes": 5, "model_bytes": 2, "seconds": 1.0, "is_chosen": True},
    ],
    "references": [{"edges": [1.0], "counts": [1, 2, 0]}],
}
PROVENANCES = {
    **{f"rows {value}": {"n_rows": value} for value in (None, 1e400, np.nan, -1, 10**400, "9")},
    **{f"source {value}": {"source": value} for value in (["a"], 7, None)},
    "key no text": {"fit_key": 7},
    "losses no numbers": {"training": {**WHOLE["training"], "start_loss": "?"}},
    **{
        f"{key} {value}": {"plan": [{**WHOLE["plan"][0], key: value}, WHOLE["plan"][1]]}
        for key in ("payload_bytes", "model_bytes")
        for value in (None, 1e400, "9")
    },
    "chosen no truth": {"plan": [{**WHOLE["plan"][0], "is_chosen": 3}]},
    "plan no list": {"plan": {"a": 1}},
    "edges no numbers": {"references": [{"edges": ["?"], "counts": [1, 2, 0]}]},
    "counts too few": {"references": [{"edges": [1.0], "counts": [1, 2]}]},
    "tolerance a list": {"tolerance": [1]},
}


@pytest.mark.parametrize("name", PROVENANCES)
def test_damaged_provenance(own_archive: Path, name: str) -> None:
    """Provenance, which the id does not cover, is read with its types or named as damaged."""
    forge_tree(own_archive, provenance=WHOLE)
    assert inspect(str(own_archive)).facts["model pays from rows"] == 4
    forge_tree(own_archive, provenance={**WHOLE, **PROVENANCES[name]})
    for path in (own_archive, codec_folder(own_archive)):
        with pytest.raises(CorruptCodecError):
            inspect(str(path))


@pytest.mark.parametrize("name", ["codec.json", "history.json"])
def test_deep_json(own_archive: Path, name: str) -> None:
    """JSON that is nested too deep for Python is a corrupt codec."""
    (codec_folder(own_archive) / name).write_text("[" * 200_000)
    with pytest.raises(CorruptCodecError):
        load_archive_codec(codec_folder(own_archive))


@pytest.mark.parametrize("name", MODEL_FILES)
def test_missing_file_of_weights(own_archive: Path, name: str) -> None:
    """A codec that lacks one of its files is damaged, and the message names the file."""
    (codec_folder(own_archive) / name).unlink()
    with pytest.raises(CorruptCodecError, match=name):
        load_archive_codec(codec_folder(own_archive))


@pytest.mark.parametrize("size", [1 << 30, 1 << 62, (1 << 63) - 1, 1 << 64])
@pytest.mark.parametrize("name", MODEL_FILES)
def test_huge_array_of_weights(own_archive: Path, name: str, size: int) -> None:
    """An array that claims to be huge is refused."""
    path = codec_folder(own_archive) / name
    path.write_bytes(varint(size) + path.read_bytes()[1:])
    with pytest.raises(CorruptCodecError):
        load_archive_codec(codec_folder(own_archive))


def forged_codecs(codec: ArchiveCodec) -> dict[str, ArchiveCodec]:
    """Codecs whose ids are right and whose parts do not fit each other."""
    assert codec.network is not None
    assert codec.predictor is not None
    networks, predictors = forged_networks(codec.network), forged_predictors(codec.predictor)
    return {
        **{name: replace(codec, network=part) for name, part in networks.items()},
        **{name: replace(codec, predictor=part) for name, part in predictors.items()},
    }


def forged_networks(network: ArchiveNetwork) -> dict[str, ArchiveNetwork]:
    """Arrays and numbers of other sizes."""
    shape, decoder, inputs = network.architecture, network.decoder, network.standardization
    huge = 1 << 60
    return {
        "window of no rows": replace(network, window=0),
        "negative window": replace(network, window=-4),
        "another window": replace(network, window=2),
        "huge window": replace(network, window=huge),
        "huge inputs": replace(network, architecture=replace(shape, n_inputs=huge)),
        "huge latent": replace(network, architecture=replace(shape, latent_dim=huge)),
        "huge hidden": replace(network, architecture=replace(shape, encoder_hidden=(huge,))),
        "fewer output biases": replace(
            network, decoder=replace(decoder, output_bias=decoder.output_bias[:-1])
        ),
        "one bias for all": replace(
            network, decoder=replace(decoder, output_bias=decoder.output_bias[:1])
        ),
        "more latents": replace(
            network, decoder=replace(decoder, skip_weights=np.tile(decoder.skip_weights, (2, 1)))
        ),
        "more columns": replace(
            network, standardization=replace(inputs, scale=np.append(inputs.scale, 1.0))
        ),
        "more steps": replace(network, code_step=np.ones(3, np.float32)),
    }


def forged_predictors(predictor: LinearPredictor) -> dict[str, LinearPredictor]:
    """Each array of another size, and numbers that the others do not allow; 7 is `echo`."""
    arrays, one, many = vars(predictor), np.eye(N_FEATURES, dtype=int), MOST_TERMS + 1
    order, sources, counts = predictor.order, predictor.sources, predictor.counts
    forged: dict[str, dict[str, np.ndarray]] = {
        **{f"fewer {key}": {key: array[:-1]} for key, array in arrays.items()},
        **{f"more {key}": {key: np.resize(array, len(array) + 1)} for key, array in arrays.items()},
        "a feature twice": {"order": np.append(order[1:], order[1])},
        "order from 1": {"order": order + 1},
        "order from -1": {"order": order - 1},
        "source itself": {"sources": np.append(sources[1:], 14)},
        "source later": {"sources": np.append(sources[1:], 2 * order[-1] + 1)},
        "source beyond": {"sources": np.append(sources[1:], 2 * N_FEATURES)},
        "negative source": {"sources": np.append(sources[1:], -1)},
        "counts of more": {"counts": counts + one[7]},
        "counts of fewer": {"counts": counts - one[7]},
        "negative count": {"counts": counts + one[7] - one[0]},
        "terms of others": {"counts": counts[::-1]},
        "many terms": {
            "counts": many * one[7],
            "sources": np.zeros(many),
            "weights": np.arange(many),
        },
        "shift of 31": {"shifts": predictor.shifts + 31 * one[3]},
        "shift of 127": {"shifts": predictor.shifts + 127 * one[3]},
        "negative shift": {"shifts": predictor.shifts - one[3]},
        "follows two": {"follows": predictor.follows + 2 * one[5]},
        "follows backwards": {"follows": predictor.follows - one[5]},
    }
    return {
        "wide weights": replace(predictor, weights=predictor.weights.astype(int) << 15),
        "wide biases": replace(predictor, biases=predictor.biases.astype(int) << 31),
        **{
            name: replace(
                predictor, **{key: part.astype(arrays[key].dtype) for key, part in parts.items()}
            )
            for name, parts in forged.items()
        },
    }


def load_forged(archive: str, folder: str) -> Iterator[str]:
    """Save and load forged codecs; complain of those that are not refused."""
    codec = load_archive_codec(codec_folder(Path(archive)))
    for name, forged in forged_codecs(codec).items():
        save_archive_codec(forged, Path(folder) / name)
        try:
            load_archive_codec(Path(folder) / name)
            yield f"{name}: no error"
        except CorruptCodecError:
            continue
        except Exception as error:  # whatever else there is, is what we look for
            yield f"{name}: {type(error).__name__}: {error}"


def test_forged_codecs(archive: Path, tmp_path: Path) -> None:
    """Arrays and numbers that do not fit each other are refused, though the id is right."""
    assert run_apart("load_forged", archive, tmp_path) == []


#: Networks of a few bytes that would take gigabytes.
BOMBS = {
    "many layers": {"encoder_hidden": [8192] * 40},
    "one wide layer": {"encoder_hidden": [1 << 24]},
    "wide decoder": {"decoder_hidden": [1 << 24]},
    "many codes": {"latent_dim": 99},
    "negative widths": {"encoder_hidden": [-8192, -8192]},
}


def load_bombs(archive: str) -> Iterator[str]:
    """Load networks of constant weights that are too many; complain of those not refused."""
    folder, space = codec_folder(Path(archive)), 128 << 20
    tree = json.loads((folder / "codec.json").read_text())
    for name, shape in BOMBS.items():
        network = {**tree["network"], "architecture": tree["network"]["architecture"] | shape}
        (folder / "codec.json").write_text(json.dumps({**tree, "network": network}))
        for part in ("encoder", "decoder"):
            (folder / f"{part}.bin").write_bytes(b"\2\0\1" * 200)
        limit_space(space)
        try:
            load_archive_codec(folder)
            yield f"{name}: no error"
        except CorruptCodecError:
            continue
        except BaseException as error:  # out of memory, above all
            yield f"{name}: {type(error).__name__}: {error}"


def test_bombs(own_archive: Path) -> None:
    """Networks that are larger than a writer makes are refused before they are expanded."""
    assert run_apart("load_bombs", own_archive) == []


def test_writers_keep_the_limits(tmp_path: Path) -> None:
    """A network that readers would refuse is not written."""
    many, network, width = ramp_network(n_idle=2), ramp_network(), 1 << 23
    decoder = replace(
        network.decoder,
        hidden_weights=np.zeros((1, width), np.int8),
        hidden_shift=np.zeros(width, np.int8),
        hidden_bias=np.zeros(width, np.float32),
        output_weights=np.zeros((width, 2), np.int8),
    )
    arrow = pa.schema([("a", pa.float64()), ("b", pa.float64())])
    for other in (many, replace(network, decoder=decoder)):
        with pytest.raises(ConfigError, match="too large"):
            save_archive_codec(make_codec(arrow, 1.0, other), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_memory_of_a_wide_network() -> None:
    """Decoding stays within what the format says, however wide layers are and with many codes."""
    n_rows, n_columns, generator = 8192, 33, np.random.default_rng(3)
    network = random_network(generator, n_columns, latent=32, hidden=8192)
    codec = make_codec(pa.schema([(f"c{i}", pa.float32()) for i in range(n_columns)]), 1.0, network)
    codes = generator.integers(-99, 99, (32, n_rows))
    corrected = ColumnStreams(Method.CORRECTED, b"\0\1")
    columns = (*(corrected,) * (n_columns - 1), ColumnStreams(Method.DIRECT, b"\0\1"))
    content = BlockStreams(n_rows, tuple(map(pack_integers, codes)), columns).to_bytes()
    tracemalloc.start()
    codec.decode(content, n_rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    n_weights = 2 * 8192 * 32 + 32 * 32
    allowed = BYTES_PER_VALUE * n_rows * n_columns + BYTES_PER_WEIGHT * n_weights
    assert peak < allowed + len(content) + BYTES_OF_LAYERS


# Versions, ids, paths


def test_unknown_version_of_a_fragment(own_archive: Path) -> None:
    """A fragment of another major version is named, with the version."""
    path = own_archive / PART
    content, key = path.read_bytes(), b"ae:format_version"
    at = content.rindex(b"1.0", 0, content.rindex(key) + len(key) + 8)
    path.write_bytes(content[:at] + b"2.0" + content[at + 3 :])
    fragment = Fragment(path, PART, len(content))
    with open_fragment(fragment) as file, pytest.raises(UnsupportedFormatError, match=r"2\.0"):
        require_footer(file.metadata, fragment)


def test_unknown_version_of_a_codec(own_archive: Path) -> None:
    """So is a codec."""
    forge_tree(own_archive, format_version="2.0")
    with pytest.raises(UnsupportedFormatError, match=r"2\.0"):
        verify(VerifyJob(archive=str(own_archive)))


def test_unknown_version_of_a_dataset(own_archive: Path) -> None:
    """So is a dataset."""
    path = own_archive / "_ae/dataset.json"
    path.write_text(path.read_text().replace("1.0", "2.0"))
    with pytest.raises(UnsupportedFormatError, match=r"2\.0"):
        inspect(str(own_archive))


ESCAPES = ["../../x", "/tmp/x", "", ".", "0" * 19, "0" * 21, "A" * 20, "é" * 20]  # noqa: S108


@pytest.mark.parametrize("name", ESCAPES)
def test_codec_id_of_a_fragment_is_no_path(tmp_path: Path, name: str) -> None:
    """A fragment whose codec id is none is damaged, and no path is made of it."""
    archive = write_archive(tmp_path, footer_id=name)
    with pytest.raises(AePipelineError):
        verify(VerifyJob(archive=str(archive)))


@pytest.mark.parametrize("name", ESCAPES)
def test_codec_id_of_a_marker_is_no_path(own_archive: Path, name: str) -> None:
    """A dataset whose codec id is none is damaged, even if a codec lies where it leads."""
    shutil.copytree(codec_folder(own_archive), own_archive / "x", dirs_exist_ok=True)
    write_marker(own_archive, Marker("archive", name))
    with pytest.raises(CorruptCodecError, match="codec id"):
        inspect(str(own_archive))


def test_codec_of_another_id(own_archive: Path) -> None:
    """A codec in the folder of another one decodes nothing."""
    folder = codec_folder(own_archive)
    codec = load_archive_codec(folder)
    save_archive_codec(replace(codec, tolerance=2 * codec.tolerance), folder)
    with pytest.raises(AePipelineError):
        verify(VerifyJob(archive=str(own_archive)))


def test_links_are_read_and_never_written(archive: Path, tmp_path: Path) -> None:
    """A fragment that is a link decodes into the destination; what it leads to stays as it is."""
    outside = Path(shutil.copy(archive / PART, tmp_path / "outside.parquet"))
    linked = Path(shutil.copytree(archive, tmp_path / "linked"))
    (linked / PART).unlink()
    os.symlink(outside, linked / PART)
    before = outside.read_bytes()
    decode(DecodeJob(archive=str(linked), decoded=str(tmp_path / "out")))
    assert outside.read_bytes() == before
    written = list((tmp_path / "out").rglob("*.parquet"))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in written] == [PART]
    assert not written[0].is_symlink()


def test_links_in_a_circle(own_archive: Path) -> None:
    """A folder that links to its own archive is read once."""
    os.symlink(own_archive, own_archive / "day=1/again")
    assert verify(VerifyJob(archive=str(own_archive))).total.n_rows == N_ROWS
