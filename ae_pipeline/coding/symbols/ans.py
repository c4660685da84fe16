"""Symbols ↔ bytes by asymmetric numeral systems, first in, first out.

`docs/format.md`, section 6, says what the bytes are.

Source: Duda et al. 2015, "The use of asymmetric numeral systems as an accurate replacement for
Huffman coding"; the coder is that of `constriction`.
"""

from __future__ import annotations

import numpy as np
from constriction import stream
from jaxtyping import Int32, UInt64

#: Numbers below at most 2 to this are one symbol; the last one is then 1.6 % too likely at worst.
_MOST_BITS = 18
#: Bits of each symbol of larger numbers.
_PART_BITS = 16

Symbols = Int32[np.ndarray, "symbols"]
Numbers = UInt64[np.ndarray, "symbols"]


class SymbolWriter:
    """Collects symbols in the order in which they are read."""

    def __init__(self) -> None:
        self._parts: list[tuple[Symbols, stream.model.Categorical | stream.model.Uniform]] = []

    def put(self, symbols: Symbols, model: stream.model.Categorical | stream.model.Uniform) -> None:
        """Append symbols that share a model."""
        self._parts.append((np.ascontiguousarray(symbols), model))

    def put_below(self, numbers: Numbers, size: int) -> None:
        """Append numbers below `size`, all equally likely."""
        for shift, part_size in _parts_of(size):
            parts = (numbers >> np.uint64(shift)) % np.uint64(part_size)
            self.put(parts.astype(np.int32), stream.model.Uniform(part_size))

    def to_bytes(self) -> bytes:
        """Return the stream."""
        coder = stream.stack.AnsCoder()
        for symbols, model in reversed(self._parts):
            coder.encode_reverse(symbols, model)
        return coder.get_compressed().astype("<u4").tobytes().rstrip(b"\0")


class SymbolReader:
    """Takes symbols in the order in which they were written.

    Raises:
        ValueError: the stream cannot be one.
    """

    def __init__(self, content: bytes) -> None:
        if content.endswith(b"\0"):
            raise ValueError("stream of symbols ends in a zero")
        padded = content + bytes(-len(content) % 4)
        self._coder = stream.stack.AnsCoder(np.frombuffer(padded, "<u4").astype(np.uint32))

    def take(
        self, n_symbols: int, model: stream.model.Categorical | stream.model.Uniform
    ) -> Symbols:
        """Return the next symbols, which share a model."""
        return self._coder.decode(model, n_symbols)

    def take_below(self, n_symbols: int, size: int) -> Numbers:
        """Invert `SymbolWriter.put_below`."""
        numbers = np.zeros(n_symbols, np.uint64)
        for shift, part_size in _parts_of(size):
            parts = self.take(n_symbols, stream.model.Uniform(part_size))
            numbers += parts.astype(np.uint64) << np.uint64(shift)
        return numbers

    def finish(self) -> None:
        """Raise ValueError if the stream has more than was taken."""
        if not self._coder.is_empty():
            raise ValueError("stream of symbols does not end where it should")


def _parts_of(size: int) -> list[tuple[int, int]]:
    """Return the shift and the size of each symbol of numbers below `size`, the highest first."""
    n_bits = (size - 1).bit_length()
    if n_bits <= _MOST_BITS:
        return [(0, size)] if size > 1 else []
    shift = n_bits - _PART_BITS
    parts = [(shift, (size - 1 >> shift) + 1)]
    while shift:
        n_bits = min(shift, _PART_BITS)
        shift -= n_bits
        parts.append((shift, 1 << n_bits))
    return parts
