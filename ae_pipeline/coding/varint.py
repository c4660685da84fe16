"""LEB128 varints (as in DWARF and Protocol Buffers), and a reader that stays in bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MOST_BYTES = 9


def varint(value: int) -> bytes:
    """Encode a number, seven bits per byte, the lowest first."""
    content = bytearray()
    while value >= 0x80:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)


def varints(values: Iterable[int]) -> bytes:
    """Encode numbers one after the other."""
    return b"".join(map(varint, values))


def prefixed(streams: Sequence[bytes]) -> bytes:
    """Encode streams, each after its own length."""
    return b"".join(varint(len(stream)) + stream for stream in streams)


class Reader:
    """Takes bytes off a block and refuses to go past its end."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self._content = content
        self.position = position

    @property
    def is_at_end(self) -> bool:
        """Whether every byte was taken."""
        return self.position == len(self._content)

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes; ValueError if fewer are left."""
        end = self.position + n_bytes
        if end > len(self._content):
            raise ValueError("content ends within a stream")
        taken = self._content[self.position : end]
        self.position = end
        return taken

    def take_all(self, lengths: Iterable[int]) -> list[bytes]:
        """Return the next streams, of these lengths; ValueError as `take`."""
        return [self.take(length) for length in lengths]

    def take_prefixed(self, n_streams: int) -> list[bytes]:
        """Invert `prefixed`; ValueError as `take` and `varint`."""
        return [self.take(self.varint()) for _ in range(n_streams)]

    def byte(self) -> int:
        """Return the next byte; ValueError if none is left."""
        return self.take(1)[0]

    def varint(self) -> int:
        """Invert `varint`; ValueError if the number does not end."""
        content, value = self._content[self.position : self.position + _MOST_BYTES], 0
        if content and content[0] < 0x80:  # most are short
            self.position += 1
            return content[0]
        for index, byte in enumerate(content):
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                self.position += index + 1
                return value
        is_cut = len(content) < _MOST_BYTES
        raise ValueError("content ends within a stream" if is_cut else "a length does not end")

    def varints(self, n_values: int) -> list[int]:
        """Invert `varints`; ValueError as `varint`."""
        return [self.varint() for _ in range(n_values)]
