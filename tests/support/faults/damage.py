"""Ways to damage bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.support.golden.case import integers


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


def cut_in_half(path: Path) -> None:
    """Leave the first half of a file: what its footer said is gone."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
