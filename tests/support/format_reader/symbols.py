"""Symbols of equally likely numbers and of frequency tables (sections 6.4 and 6.5)."""

from __future__ import annotations

from functools import cache

WHOLE = 1 << 24


@cache
def _cached(codes: tuple[int, ...]) -> list[int]:
    return weights_of(list(codes))


def weights_of(codes: list[int]) -> list[int]:
    """Weights of the symbols of a table; they add up to 2^24."""
    frequencies = [(1024, 1218, 1448, 1722)[(c - 1) % 4] << (c - 1) // 4 if c else 0 for c in codes]
    free = WHOLE - len(codes)
    weights = [f * free // sum(frequencies) for f in frequencies]
    weights[frequencies.index(max(frequencies))] += free - sum(weights)
    return [weight + 1 for weight in weights]


class Symbols:
    """A stream of symbols."""

    def __init__(self, content: bytes) -> None:
        padded = content + bytes(-len(content) % 4)
        self.words = [int.from_bytes(padded[i : i + 4], "little") for i in range(0, len(padded), 4)]
        self.state = 0
        for _ in range(2):
            self._refill()

    def _refill(self) -> None:
        if self.state < 1 << 32 and self.words:
            self.state = self.state << 32 | self.words.pop()

    def _advance(self, weight: int, before: int) -> None:
        self.state = (self.state >> 24) * weight + self.state % WHOLE - before
        self._refill()

    def from_table(self, codes: list[int]) -> int:
        """The next symbol of a table."""
        if len(codes) == 1:
            return 0
        rest, before = self.state % WHOLE, 0
        for symbol, weight in enumerate(_cached(tuple(codes))):
            if rest < before + weight:
                self._advance(weight, before)
                return symbol
            before += weight
        raise AssertionError

    def equally_likely(self, size: int) -> int:
        """The next symbol of `size` equally likely ones."""
        if size == 1:
            return 0
        weight = WHOLE // size
        symbol = min(self.state % WHOLE // weight, size - 1)
        last = WHOLE - weight * (size - 1)
        self._advance(last if symbol == size - 1 else weight, symbol * weight)
        return symbol

    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return not self.state and not self.words


def number_below(size: int) -> list[tuple[int, int]]:
    """Shift and size of each symbol of a number below `size`."""
    if size <= 1 << 18:
        return [(0, size)]
    shift = (size - 1).bit_length() - 16
    parts = [(shift, ((size - 1) >> shift) + 1)]
    while shift:
        n_bits = min(16, shift)
        shift -= n_bits
        parts.append((shift, 1 << n_bits))
    return parts
