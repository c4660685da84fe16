"""Damaged and forged whole tables: a named error or whole columns, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import BlockStreams, MappedStreams, Method, State, SubStream, read_block
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.verbs import encode
from tests.support.data.datasets import write_tree
from tests.support.data.orders import orders_table
from tests.support.faults.apart import (
    BLOCK_RESIDENT,
    BLOCK_SPACE,
    FRAGMENT_SPACE,
    complaint_of,
    limit_space,
    run_apart,
)
from tests.support.faults.damage import drawn
from tests.support.faults.damaged_archives import PART, block_of, codec_folder, is_same, read_part
from tests.support.golden.case import integers
from tests.support.jobs.processes import peak_memory

N_ROWS = 60
#: A short frame of values may expand to this, `docs/format.md`, section 7.
FRAME_BYTES = 1 << 26


def whole_table(seed: int, n_rows: int) -> pa.Table:
    """Orders with two weights that follow from the price, a factor of many digits, and lists."""
    generator = np.random.default_rng(seed)
    orders = orders_table(seed, n_rows)
    weight = orders["price"].to_numpy() / 100 + 0.01 * generator.normal(size=n_rows)
    sizes = generator.integers(0, 4, n_rows)
    tags = [list(range(size)) for size in sizes]
    factor = generator.integers(0, 30, n_rows) / 7
    load = 3 * weight + generator.integers(0, 5, n_rows)
    columns = {
        "weight": pa.array(weight),
        "load": pa.array(load),
        "factor": pa.array(factor),
        "tags": pa.array(tags),
    }
    for name, column in columns.items():
        orders = orders.append_column(name, column)
    return orders


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day to learn from, and a small one to damage; nobody may change it."""
    root = tmp_path_factory.mktemp("tables")
    tables = {"day=0/part-0.parquet": whole_table(0, 4000), PART: whole_table(1, N_ROWS)}
    rules = [{"match": "factor", "kind": "exact"}]
    report = encode(
        EncodeJob(
            source=str(write_tree(root / "source", tables)),
            archive=str(root / "archive"),
            tolerance={"relative": 0.01, "rules": rules},
            planner={"learn": "never", "budget_s": 5.0},
            columns={"code": "all"},
        )
    )
    assert report.failures == ()
    return root / "archive"


def block_in(archive: Path, codec: ArchiveCodec) -> BlockStreams:
    """The streams of the small day."""
    assert codec.table is not None
    return read_block(block_of(archive), len(codec.columns), 0, N_ROWS, codec.table.n_subcolumns)


def test_sample_has_streams_of_the_table(archive: Path) -> None:
    """What is damaged below has columns that the table model codes, and mapped ones."""
    block = block_in(archive, load_archive_codec(codec_folder(archive)))
    methods = {column.method for column in block.columns}
    assert methods >= {Method.TABLE, Method.MAPPED}
    modelled = [sub.is_modelled for one in block.mapped for sub in one.substreams]
    assert set(modelled) == {True, False}


def test_damaged_fragment(archive: Path, tmp_path: Path) -> None:
    """Wrong bytes in a file are a named error or change nothing, wherever they are."""
    assert run_apart(read_damaged, archive, tmp_path) == []


def read_damaged(archive: str, folder: str) -> Iterator[str]:
    """Read a damaged fragment; complain of what is no named error."""
    format = ArchiveFormat(load_archive_codec(codec_folder(Path(archive))))
    expected = read_part(format, Path(archive) / PART)
    limit_space(FRAGMENT_SPACE)
    for number, content in enumerate(drawn((Path(archive) / PART).read_bytes())):
        path = Path(folder) / f"{number}.parquet"
        path.write_bytes(content)
        complaint = complaint_of(lambda path=path: is_same(read_part(format, path), expected))
        if complaint:
            yield f"{number}: {complaint}"
        path.unlink()


@pytest.mark.parametrize("kind", ["blocks", "claims", "models"])
def test_forged(archive: Path, kind: str) -> None:
    """Blocks and models with right checksums and wrong content raise ValueError, or decode."""
    assert run_apart(decode_forged, archive, kind) == []


def decode_forged(archive: str, kind: str) -> Iterator[str]:
    """Decode forged bytes; complain of what is neither a ValueError nor whole columns."""
    codec, content = load_archive_codec(codec_folder(Path(archive))), block_of(Path(archive))
    codec.decode(content, N_ROWS)
    forged = list(FORGED[kind](Path(archive), codec, content))
    before = peak_memory()
    limit_space(BLOCK_SPACE)
    for number, (own, block) in enumerate(forged):
        try:
            for column in own.decode(block, N_ROWS).values():
                column.validate(full=True)
                if len(column) != N_ROWS:
                    yield f"{number}: {len(column)} rows"
        except ValueError:
            continue
        except Exception as error:  # whatever else there is, is what we look for
            yield f"{number}: {type(error).__name__}: {error}"
    growth = peak_memory() - before
    if growth > BLOCK_RESIDENT + FRAME_BYTES:
        yield f"{growth} bytes of memory"


Forged = Iterable[tuple[ArchiveCodec, bytes]]


def _wrong(body: bytes, seed: int) -> Iterator[bytes]:
    """Every byte wrong in two ways, cuts, and up to four drawn changes."""
    for position in range(len(body)):
        for mask in (0xFF, 1 << position % 8):
            yield body[:position] + bytes([body[position] ^ mask]) + body[position + 1 :]
        yield body[:position]
    for draws in integers(seed, 4000, len(body) * 256).reshape(-1, 4).tolist():
        content = bytearray(body)
        for draw in draws:
            content[draw // 256] = draw % 256
        yield bytes(content)


def _blocks(archive: Path, codec: ArchiveCodec, content: bytes) -> Forged:
    """Wrong bytes of a block under a right checksum."""
    for body in _wrong(content[4:], 11):
        yield codec, zlib.crc32(body).to_bytes(4, "little") + body


def _claims(archive: Path, codec: ArchiveCodec, content: bytes) -> Forged:
    """Sub-columns that claim much, are missing, or are in another column's place."""
    block = block_in(archive, codec)
    many = b"\0\xff\xff\xff\xff\xff\xff\xff\x7f"
    for place, one in enumerate(block.mapped):
        others = [
            MappedStreams(State.ABSENT),
            MappedStreams(State.WHOLE, many),
            MappedStreams(State.WHOLE, bytes(40)),
            MappedStreams(State.WITH_SIDE, many, one.substreams),
            *(
                MappedStreams(one.state, one.side, (SubStream(stream, is_modelled),) * n)
                for stream in (many, b"", b"\0\1", b"\0\xff" * 9)
                for is_modelled in (True, False)
                for n in [len(one.substreams)]
                if n
            ),
        ]
        for other in others:
            mapped = (*block.mapped[:place], other, *block.mapped[place + 1 :])
            yield codec, replace(block, mapped=mapped).to_bytes()


def _models(archive: Path, codec: ArchiveCodec, content: bytes) -> Forged:
    """Wrong bytes of the table model, as whoever makes a codec could write them."""
    assert codec.table is not None
    for body in _wrong(codec.table.content, 12):
        yield replace(codec, table=replace(codec.table, content=body)), content


FORGED = {"blocks": _blocks, "claims": _claims, "models": _models}
