"""Kernels of symbols: the streams of `constriction`, whatever the tables."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding.symbols.ans import SymbolWriter
from ae_pipeline.coding.symbols.frequencies import symbol_model, symbol_weights
from ae_pipeline.compiled.symbols import Stack, Symbols, packed, put, put_below, start, take
from ae_pipeline.compiled.symbols import take_below as take_equal

CODES = st.lists(st.integers(0, 97), min_size=2, max_size=9).filter(any)


@given(CODES, st.lists(st.tuples(st.integers(0, 99), st.integers(2, 1 << 18)), max_size=40))
def test_streams(codes: list[int], drawn: list[tuple[int, int]]) -> None:
    """Words are those of the other coder, and the symbols that were put are taken in order."""
    table = np.array(codes, np.uint8)
    weights = symbol_weights(table) + 1
    lefts = (np.cumsum(weights) - weights).astype(np.uint32)
    symbols = Symbols(np.zeros(80, np.uint32), np.zeros(80, np.uint32), np.zeros(1, np.int64))
    writer, expected = SymbolWriter(), []
    for number, size in drawn:
        symbol, below = number % len(codes), number * 7919 % size
        put(symbols, lefts, symbol)
        put_below(symbols, np.uint64(below), np.uint64(size))
        writer.put(np.array([symbol], np.int32), symbol_model(table))
        writer.put_below(np.array([below], np.uint64), size)
        expected.append((symbol, below))
    words = packed(symbols)
    assert words.astype("<u4").tobytes().rstrip(b"\0") == writer.to_bytes()
    stack = Stack(words, np.zeros(1, np.uint64), np.array([len(words)]))
    start(stack)
    sizes = [np.uint64(size) for _, size in drawn]
    assert [(take(stack, lefts), int(take_equal(stack, size))) for size in sizes] == expected
    assert not stack.state[0]
    assert not stack.n_left[0]
