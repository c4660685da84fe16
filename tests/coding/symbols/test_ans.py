"""Streams of symbols: any numbers below any size come back, and any bytes are read or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.symbols.frequencies import symbol_model
from tests.support.format_reader.symbols import Symbols, number_below

SIZES = st.one_of(
    st.integers(1, 1 << 64),
    st.integers(0, 64).flatmap(lambda bits: st.integers(max(1, (1 << bits) - 2), 1 << bits)),
)


@given(st.lists(st.tuples(SIZES, st.lists(st.integers(0, (1 << 64) - 1), max_size=9)), max_size=6))
def test_round_trip(groups: list[tuple[int, list[int]]]) -> None:
    """Numbers of groups of any size come back in order, and nothing is left."""
    writer = SymbolWriter()
    arrays = [(np.array([n % size for n in numbers], np.uint64), size) for size, numbers in groups]
    for numbers, size in arrays:
        writer.put_below(numbers, size)
    reader = SymbolReader(writer.to_bytes())
    for numbers, size in arrays:
        assert np.array_equal(reader.take_below(len(numbers), size), numbers)
    reader.finish()


@given(st.binary(max_size=60), st.lists(st.integers(0, 90), min_size=2, max_size=40), SIZES)
def test_any_bytes(content: bytes, codes: list[int], size: int) -> None:
    """Whatever the bytes, symbols are read as the specification says, or the bytes are refused."""
    table = np.array([*codes, 1], np.uint8)
    try:
        reader = SymbolReader(content)
    except ValueError:
        assert content.endswith(b"\0")
        return
    symbols = reader.take(20, symbol_model(table)).tolist()
    expected = Symbols(content)
    assert symbols == [expected.from_table(table.tolist()) for _ in range(20)]
    numbers = [0] * 5
    for shift, part_size in number_below(size):
        for row in range(5):
            numbers[row] += expected.equally_likely(part_size) << shift
    assert reader.take_below(5, size).tolist() == [number % (1 << 64) for number in numbers]


def test_equally_likely_numbers_take_their_bits() -> None:
    """Numbers of any range take at most a fiftieth of a bit more than its logarithm."""
    generator = np.random.default_rng(0)
    for size in (3, 1000, (1 << 18) - 1, (1 << 18) + 1, 5_000_001, (1 << 40) + 1, 1 << 64):
        writer = SymbolWriter()
        numbers = (
            generator.integers(0, size, 20_000, np.uint64, endpoint=size == 1 << 64)
            if (size < 1 << 64)
            else generator.integers(0, (1 << 64) - 1, 20_000, np.uint64, endpoint=True)
        )
        writer.put_below(numbers, size)
        assert len(writer.to_bytes()) * 8 / 20_000 < np.log2(float(size)) + 0.02


def test_more_than_was_taken() -> None:
    """A stream that has more symbols than its rows is refused."""
    writer = SymbolWriter()
    writer.put_below(np.arange(9, dtype=np.uint64), 10)
    reader = SymbolReader(writer.to_bytes())
    reader.take_below(5, 10)
    with pytest.raises(ValueError, match="does not end"):
        reader.finish()
