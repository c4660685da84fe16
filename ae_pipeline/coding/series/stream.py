"""A series ↔ its stream: how its levels are predicted, then the integers of its rows as symbols."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from constriction import stream
from jaxtyping import Float64, Int64

from ae_pipeline.coding.series.levels import (
    ALL_ROWS,
    contexts_of,
    count_levels,
    magnitudes,
)
from ae_pipeline.coding.series.prediction import QUINTIC, predict
from ae_pipeline.coding.series.tokens import (
    MOST_BITS,
    Contexts,
    Integers,
    Part,
    TokenTables,
    count_tokens,
    put_codes,
    take_codes,
    unzigzag,
    zigzag,
)
from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.varint import Reader

MOST_FRACTION = 16
#: Parts of a cell that a step is a number of.
STEP_PARTS = 64


@dataclass(frozen=True)
class Series:
    """The units of a column's rows, in `2 ** -fraction` of a unit.

    Args:
        integers: one per row.
        fraction: bits after the point; 0 for whole units.
    """

    integers: Int64[np.ndarray, "rows"]
    fraction: int

    @property
    def units(self) -> Float64[np.ndarray, "rows"]:
        """The units."""
        return self.integers * 2.0**-self.fraction


@dataclass(frozen=True)
class Level:
    """A level as it is stored.

    Args:
        order: of its prediction.
        less: 64ths of a unit that its step is less than one.
        part: its integers.
    """

    order: int
    less: int
    part: Part


@dataclass(frozen=True)
class StoredSeries:
    """All that a stream says.

    Args:
        fraction: bits after the point.
        first: the integer of row 0.
        levels: the highest first.
        knots: logarithm of the distance of the rows that levels have; 0 if they have all.
        lower: order of the levels below, if there are any.
        around: the integers of all rows, if `knots` is above 0.
    """

    fraction: int
    first: int
    levels: tuple[Level, ...]
    knots: int = 0
    lower: int = QUINTIC
    around: Integers | None = None

    def to_bytes(self) -> bytes:
        """Return the stream."""
        header = [self.fraction, self.knots, *(one.order + 4 * one.less for one in self.levels)]
        parts = [one.part for one in self.levels]
        if self.around is not None:
            header.append(self.lower)
            parts.append(Part(_all_rows(len(self.around)), self.around))
        tables = count_tokens(parts)
        writer, coder = SymbolWriter(), TokenTables(tables)
        put_codes(writer, tables)
        _put_first(writer, self.first)
        for part in parts:
            coder.put(writer, part)
        return bytes(header) + writer.to_bytes()


def step_of(fraction: int, less: int) -> int:
    """Return the step of a level in `2 ** -fraction` of a unit."""
    return max(((STEP_PARTS - less) << fraction) // STEP_PARTS, 1)


def unpack_series(content: bytes, n_rows: int) -> Series:
    """Read the stream of so many rows.

    Raises:
        ValueError: it is damaged.
    """
    if not n_rows:
        return Series(np.zeros(0, np.int64), 0)
    reader, n_levels = Reader(content), count_levels(n_rows)
    fraction, knots = reader.byte(), reader.byte()
    if fraction > MOST_FRACTION or knots > n_levels:
        raise ValueError(f"a series of fraction {fraction} and knots {knots}")
    ways = list(reader.take(n_levels - knots + (knots > 0)))
    lower = ways.pop() if knots else 0
    if lower > QUINTIC or any(way % 4 > QUINTIC for way in ways):
        raise ValueError("a series with a level of an unknown order")
    symbols = SymbolReader(content[reader.position :])
    coder = TokenTables(take_codes(symbols))
    found = np.zeros(n_rows, np.int64)
    own, sizes = found[:: 1 << knots], np.zeros(((n_rows - 1) >> knots) + 1, np.int64)
    own[0] = _take_first(symbols) << fraction
    for place, way in enumerate(ways):
        stride = 1 << (len(ways) - 1 - place)
        rows, known = slice(stride, None, 2 * stride), slice(None, None, 2 * stride)
        contexts = contexts_of(sizes[known], len(own[rows]))
        integers = coder.take(symbols, contexts)
        sizes[rows] = magnitudes(integers)
        predicted = predict(own[known], len(integers), way % 4)
        own[rows] = predicted + integers * step_of(fraction, way // 4)
    if knots:
        fill_between(found, knots, lower)
        found += coder.take(symbols, _all_rows(n_rows)) << fraction
    symbols.finish()
    return Series(found, fraction)


def fill_between(integers: Int64[np.ndarray, "rows"], knots: int, order: int) -> None:
    """Predict, in place, the rows between knots from these alone."""
    for level in reversed(range(knots)):
        rows = integers[1 << level :: 2 << level]
        rows[:] = predict(integers[:: 2 << level], len(rows), order)


def _all_rows(n_rows: int) -> Contexts:
    return np.full(n_rows, ALL_ROWS, np.uint8)


def _put_first(writer: SymbolWriter, first: int) -> None:
    number = zigzag(np.array([first], np.int64))
    n_bits = int(number[0]).bit_length()
    writer.put(np.array([n_bits], np.int32), stream.model.Uniform(MOST_BITS + 1))
    writer.put_below(number, 1 << n_bits)


def _take_first(reader: SymbolReader) -> np.int64:
    n_bits = int(reader.take(1, stream.model.Uniform(MOST_BITS + 1))[0])
    first: np.int64 = unzigzag(reader.take_below(1, 1 << n_bits))[0]
    return first
