"""LEB128 varints (as in DWARF and Protocol Buffers), and a reader that stays in bounds."""

from __future__ import annotations

_MOST_BYTES = 9


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    content = bytearray()
    while value >= 0x80:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    content.append(value)
    return bytes(content)


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
        """The next bytes; ValueError if there are not so many."""
        end = self.position + n_bytes
        if end > len(self._content):
            raise ValueError("content ends within a stream")
        taken = self._content[self.position : end]
        self.position = end
        return taken

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def varint(self) -> int:
        """Inverse of `varint`; ValueError if it does not end."""
        value = 0
        for index in range(_MOST_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                return value
        raise ValueError("a length does not end")
