"""Integers of a series ↔ tokens, which tables say how likely they are, and the rest as bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from constriction import stream
from jaxtyping import Int32, Int64, UInt8, UInt64

from ae_pipeline.coding.series.levels import N_CONTEXTS
from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.symbols.frequencies import MOST_CODE, counts_to_codes, symbol_model

#: Zigzags below this are tokens; others have a rest. Half of an octave is a token.
_DIRECT, _DIRECT_BITS = 16, 4
#: Bits of the largest zigzag.
MOST_BITS = 62
N_TOKENS = _DIRECT + 2 * (MOST_BITS - _DIRECT_BITS)
#: Classes of frequency codes: the first and how many. Most tokens of a context are rare or missing.
_CLASSES = ((0, 1), (1, 1), (2, 16), (18, MOST_CODE - 17))
_FIRST_CODES: Int64[np.ndarray, "classes"] = np.array([first for first, _ in _CLASSES], np.int64)
#: Bits of integers that float64 holds exactly.
_FLOAT_BITS = 53

Integers = Int64[np.ndarray, "rows"]
Zigzags = UInt64[np.ndarray, "rows"]
Tokens = Int32[np.ndarray, "rows"]
Contexts = UInt8[np.ndarray, "rows"]
Codes = UInt8[np.ndarray, "_"]  # tables differ in length


def zigzag(integers: Integers) -> Zigzags:
    """Return 2 r, or -2 r - 1 of negative ones."""
    return ((integers << 1) ^ (integers >> 63)).view(np.uint64)


def unzigzag(zigzags: Zigzags) -> Integers:
    """Invert `zigzag`."""
    whole = zigzags.view(np.int64)
    return (whole >> 1) ^ -(whole & 1)


def tokens_of(zigzags: Zigzags) -> Tokens:
    """Return the token of each zigzag."""
    tokens = zigzags.astype(np.int32)
    large = np.flatnonzero(zigzags >= _DIRECT)
    if len(large):
        bits = _bits(zigzags[large]) - 1
        half = (zigzags[large] >> (bits - 1).astype(np.uint64)) & np.uint64(1)
        tokens[large] = _DIRECT + 2 * (bits - _DIRECT_BITS) + half.astype(np.int64)
    return tokens


def _bits(zigzags: Zigzags) -> Integers:
    """Return the bits of numbers from 1; float64 may round large ones up, which is undone."""
    bits = np.frexp(zigzags.astype(np.float64))[1].astype(np.int64)
    if bits.max() > _FLOAT_BITS:
        bits -= (zigzags >> (bits - 1).astype(np.uint64)) == 0
    return bits


@dataclass(frozen=True)
class Part:
    """The integers of a level, or of all rows around knots, in their contexts."""

    contexts: Contexts
    integers: Integers

    @cached_property
    def zigzags(self) -> Zigzags:
        """Zigzags of the integers."""
        return zigzag(self.integers)

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of the integers."""
        return tokens_of(self.zigzags)


def count_tokens(parts: Iterable[Part]) -> tuple[Codes, ...]:
    """Return the frequency codes of the tokens of each context; none of a context without rows."""
    counts = np.zeros((N_CONTEXTS, N_TOKENS), np.int64)
    for part in parts:
        places = part.contexts * np.int32(N_TOKENS) + part.tokens
        counts += np.bincount(places, minlength=counts.size).reshape(counts.shape)
    rows = (row[: np.flatnonzero(row).max(initial=-1) + 1] for row in counts)
    return tuple(counts_to_codes(row.astype(np.float64)) for row in rows)


def put_codes(writer: SymbolWriter, tables: Sequence[Codes]) -> None:
    """Write the tables of all contexts."""
    for codes in tables:
        writer.put(np.array([len(codes)], np.int32), stream.model.Uniform(N_TOKENS + 1))
        classes = np.searchsorted(_FIRST_CODES, codes, side="right").astype(np.int32) - 1
        writer.put(classes, stream.model.Uniform(len(_FIRST_CODES)))
        for own, (first, size) in enumerate(_CLASSES):
            if size > 1:
                rest = codes[classes == own].astype(np.int32) - np.int32(first)
                writer.put(rest, stream.model.Uniform(size))


def take_codes(reader: SymbolReader) -> tuple[Codes, ...]:
    """Invert `put_codes`."""
    return tuple(_take_table(reader) for _ in range(N_CONTEXTS))


def _take_table(reader: SymbolReader) -> Codes:
    size = int(reader.take(1, stream.model.Uniform(N_TOKENS + 1))[0])
    classes = reader.take(size, stream.model.Uniform(len(_FIRST_CODES)))
    codes = _FIRST_CODES[classes]
    for own, (_, n_codes) in enumerate(_CLASSES):
        rows = np.flatnonzero(classes == own)
        if n_codes > 1 and len(rows):
            codes[rows] += reader.take(len(rows), stream.model.Uniform(n_codes))
    return codes.astype(np.uint8)


class TokenTables:
    """Codes integers in contexts; ValueError for a table without a frequency."""

    def __init__(self, tables: Sequence[Codes]) -> None:
        self._sizes = [len(codes) for codes in tables]
        self._models = [symbol_model(codes) if len(codes) > 1 else None for codes in tables]

    def put(self, writer: SymbolWriter, part: Part) -> None:
        """Write the integers of a level, or of all rows."""
        for context, model in enumerate(self._models):
            rows = np.flatnonzero(part.contexts == context)
            if model is not None and len(rows):
                writer.put(part.tokens[rows], model)
        for token in _with_rest(part.tokens):
            n_bits = _rest_bits(token)
            rest = part.zigzags[part.tokens == token] & np.uint64((1 << n_bits) - 1)
            writer.put_below(rest, 1 << n_bits)

    def take(self, reader: SymbolReader, contexts: Contexts) -> Integers:
        """Invert `put`; ValueError for a context that has rows and no tokens."""
        tokens = np.zeros(len(contexts), np.int32)
        for context, model in enumerate(self._models):
            rows = np.flatnonzero(contexts == context)
            if len(rows) and not self._sizes[context]:
                raise ValueError(f"a series with rows in context {context}, which has no tokens")
            if len(rows) and model is not None:
                tokens[rows] = reader.take(len(rows), model)
        zigzags = tokens.astype(np.uint64)
        for token in _with_rest(tokens):
            n_bits, rows = _rest_bits(token), np.flatnonzero(tokens == token)
            least = (2 | (token & 1)) << n_bits
            zigzags[rows] = np.uint64(least) + reader.take_below(len(rows), 1 << n_bits)
        return unzigzag(zigzags)


def _with_rest(tokens: Tokens) -> list[int]:
    large = tokens[tokens >= _DIRECT]
    found: list[int] = np.flatnonzero(np.bincount(large)).tolist() if len(large) else []
    return found


def _rest_bits(token: int) -> int:
    return _DIRECT_BITS - 1 + (token - _DIRECT) // 2
