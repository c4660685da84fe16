"""Encoded blocks as bytes: small overhead, nothing damaged passes."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import BlockStreams, ColumnStreams, Method, read_block

CHECKSUM = 4

stream = st.binary(max_size=200)
column_streams = st.builds(ColumnStreams, st.sampled_from(Method), stream, stream) | st.builds(
    ColumnStreams, st.sampled_from(Method), stream, stream, st.binary(min_size=1), stream
)


def example() -> BlockStreams:
    """A block with everything that a block may have."""
    full = ColumnStreams(Method.NETWORK_RESIDUALS, b"main" * 40, b"valid", b"positions", b"exact")
    plain = ColumnStreams(Method.LOSSLESS, b"numbers")
    return BlockStreams(300, (b"first code", b""), (full, plain))


def with_checksum(body: bytes) -> bytes:
    """A block whose checksum is right, whatever its body is."""
    return zlib.crc32(body).to_bytes(CHECKSUM, "little") + body


def read_example(content: bytes, most_rows: int = 300) -> BlockStreams:
    """Read as the codec of `example` would."""
    return read_block(content, n_columns=2, latent_dim=2, most_rows=most_rows)


@given(
    st.integers(0, 2**40),
    st.lists(stream, max_size=3),
    st.lists(column_streams, max_size=4),
    st.integers(0, 3),
)
def test_round_trip(
    n_rows: int, codes: list[bytes], columns: list[ColumnStreams], latent_dim: int
) -> None:
    """Rows, codes and all streams come back; a block without network needs no codes."""
    block = BlockStreams(n_rows, tuple(codes), tuple(columns))
    got = read_block(block.to_bytes(), len(columns), len(codes) or latent_dim, n_rows)
    assert got == block


@pytest.mark.parametrize("n_columns", [1, 7, 500])
@pytest.mark.parametrize("n_bytes", [0, 1, 127, 128, 16_383, 16_384, 2_000_000])
def test_directory_is_small(n_columns: int, n_bytes: int) -> None:
    """A plain column costs at most four bytes of directory, a block at most sixteen more."""
    column = ColumnStreams(Method.DIRECT, bytes(n_bytes if n_columns < 500 else n_bytes // 100))
    block = BlockStreams(1 << 31, (), (column,) * n_columns)
    overhead = len(block.to_bytes()) - block.n_bytes
    assert overhead <= 16 + 4 * n_columns


def test_ledger_counts_every_stream() -> None:
    """The parts of the ledger add up to the bytes of the block, its checksum among them."""
    block = example()
    assert sum(block.ledger().values()) == len(block.to_bytes())
    assert block.ledger()["directory"] == len(block.to_bytes()) - block.n_bytes
    assert block.ledger()["codes"] == len(b"first code")
    assert block.ledger()["exact"] == len(b"positions" + b"exact")


def test_a_block_is_serialised_once() -> None:
    """Asking for the bytes again costs nothing: the encoder, the planner and the writer all do."""
    block = example()
    assert block.to_bytes() is block.to_bytes()


def test_every_flipped_byte_is_noticed() -> None:
    """No byte of a block can change, in any way tried, without a ValueError."""
    content = example().to_bytes()
    for position in range(len(content)):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= change
            with pytest.raises(ValueError, match="block"):
                read_example(bytes(damaged))


def test_every_truncation_is_noticed() -> None:
    """A block cut anywhere, or with bytes behind it, is a ValueError."""
    content = example().to_bytes()
    for end in range(len(content)):
        with pytest.raises(ValueError, match="block"):
            read_example(content[:end])
    with pytest.raises(ValueError, match="checksum"):
        read_example(content + b"\0")


def test_truncation_with_a_right_checksum_is_noticed() -> None:
    """Lengths alone tell that a block was cut or grew, had its checksum been made anew."""
    body = example().to_bytes()[CHECKSUM:]
    for end in range(len(body)):
        with pytest.raises(ValueError, match="content ends"):
            read_example(with_checksum(body[:end]))
    with pytest.raises(ValueError, match="no stream owns"):
        read_example(with_checksum(body + b"\0"))


@given(st.data())
def test_damage_with_a_right_checksum(data: st.DataObject) -> None:
    """Any body is a ValueError or a block that claims no more bytes than there are."""
    body = bytearray(example().to_bytes()[CHECKSUM:])
    for position in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[position] = data.draw(st.integers(0, 255))
    try:
        block = read_example(with_checksum(bytes(body)))
    except ValueError:
        return
    assert block.n_rows <= 300
    assert block.n_bytes < len(body)


@given(st.binary(max_size=80), st.integers(0, 5), st.integers(0, 3))
def test_any_bytes(body: bytes, n_columns: int, latent_dim: int) -> None:
    """Bytes that nobody wrote are a ValueError or a block."""
    try:
        block = read_block(with_checksum(body), n_columns, latent_dim, 1000)
    except ValueError:
        return
    assert len(block.columns) == n_columns
    assert block.n_bytes <= len(body)


@pytest.mark.parametrize("n_rows", [301, 2**31, 2**62])
def test_too_many_rows(n_rows: int) -> None:
    """A block that claims more rows than its row group has is refused before any is made."""
    content = BlockStreams(n_rows, (), (ColumnStreams(Method.DIRECT, b"\0\0"),)).to_bytes()
    with pytest.raises(ValueError, match=f"{n_rows} rows.* 300"):
        read_block(content, 1, 0, most_rows=300)


def test_huge_length() -> None:
    """A stream that claims exabytes is refused, and so is a length without end."""
    claims_too_much = bytes([0, 5, Method.DIRECT]) + b"\xff" * 8 + b"\x7f"
    with pytest.raises(ValueError, match="ends within a stream"):
        read_block(with_checksum(claims_too_much), 1, 0, 5)
    without_end = bytes([0, 5, Method.DIRECT]) + b"\xff" * 20
    with pytest.raises(ValueError, match="does not end"):
        read_block(with_checksum(without_end), 1, 0, 5)


def test_unknown_method() -> None:
    """A method that this release does not know is refused."""
    with pytest.raises(ValueError, match="Method"):
        read_block(with_checksum(bytes([0, 5, 15, 0])), 1, 0, 5)


def test_another_number_of_columns_is_refused(generator: np.random.Generator) -> None:
    """A block is not read with the codec of a narrower or wider table."""
    content = example().to_bytes()
    for n_columns, latent_dim in ((1, 2), (3, 2), (2, 1), (2, 3), (0, 0)):
        with pytest.raises(ValueError, match=r"block|content|Method"):
            read_block(content, n_columns, latent_dim, 300)
