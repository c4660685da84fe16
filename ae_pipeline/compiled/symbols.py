"""Symbols of a stream: asymmetric numeral systems, as `ae_pipeline.coding.symbols.ans` has them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ae_pipeline.compiled.compiling import Int64s, UInt32s, UInt64s, kernel

NONE, ONE = np.uint64(0), np.uint64(1)
_PRECISION, _WORD_BITS = np.uint64(24), np.uint64(32)
#: Sum of the weights of a table, and the bits below.
_WHOLE, _FRACTION = np.uint64(1 << 24), np.uint64((1 << 24) - 1)
#: A state below this takes a word, and from 2^40 times a weight on gives one.
_LEAST_STATE, _WORD = np.uint64(1 << 32), np.uint64((1 << 32) - 1)
_OVERFLOW_BITS = np.uint64(40)


class Stack(NamedTuple):
    """Words of a stream, the state, and how many words are left."""

    words: UInt32s
    state: UInt64s
    n_left: Int64s


class Symbols(NamedTuple):
    """Symbols to write, and how many there are."""

    lefts: UInt32s
    weights: UInt32s
    n_symbols: Int64s


@kernel
def start(stack: Stack) -> None:
    """Take the first state of a stream."""
    _refill(stack, NONE)
    _refill(stack, stack.state[0])


@kernel
def take(stack: Stack, lefts: UInt32s) -> int:
    """Take a symbol; one of a single symbol takes nothing."""
    state = stack.state[0]
    place = state & _FRACTION
    symbol = last_at_most(lefts, place)
    left = np.uint64(lefts[symbol])
    right = np.uint64(lefts[symbol + 1]) if symbol + 1 < len(lefts) else _WHOLE
    _refill(stack, (state >> _PRECISION) * (right - left) + place - left)
    return symbol


@kernel
def take_below(stack: Stack, size: np.uint64) -> np.uint64:
    """Take one of equally likely symbols."""
    state = stack.state[0]
    place, weight = state & _FRACTION, _WHOLE // size
    symbol = min(place // weight, size - ONE)
    left = symbol * weight
    if symbol == size - ONE:
        weight = _WHOLE - left
    _refill(stack, (state >> _PRECISION) * weight + place - left)
    return symbol


@kernel
def put(symbols: Symbols, lefts: UInt32s, symbol: int) -> None:
    """Put a symbol of a table."""
    right = np.uint64(lefts[symbol + 1]) if symbol + 1 < len(lefts) else _WHOLE
    _append(symbols, np.uint64(lefts[symbol]), right)


@kernel
def put_below(symbols: Symbols, symbol: np.uint64, size: np.uint64) -> None:
    """Put one of equally likely symbols."""
    weight = _WHOLE // size
    left = symbol * weight
    _append(symbols, left, _WHOLE if symbol == size - ONE else left + weight)


@kernel
def packed(symbols: Symbols) -> UInt32s:
    """Return the words of symbols, the last one first."""
    n_symbols = symbols.n_symbols[0]
    # A symbol of weight 1 adds 24 bits.
    words, n_words = np.empty(3 * n_symbols // 4 + 4, np.uint32), 0
    state = NONE
    for number in range(n_symbols - 1, -1, -1):
        left, weight = np.uint64(symbols.lefts[number]), np.uint64(symbols.weights[number])
        if weight == _WHOLE:
            continue
        if state >= weight << _OVERFLOW_BITS:
            words[n_words] = state & _WORD
            n_words += 1
            state = state >> _WORD_BITS
        state = ((state // weight) << _PRECISION) + left + state % weight
    while state > NONE:
        words[n_words] = state & _WORD
        n_words += 1
        state = state >> _WORD_BITS
    return words[:n_words]


@kernel
def last_at_most(values: Int64s | UInt32s, value: int | np.uint64) -> int:
    """Return the last place of ascending values that has at most `value`, 0 if none has."""
    low, size = 0, len(values)
    while size > 1:
        half = size >> 1
        # Chosen without a branch, which would be a guess.
        low += half * (values[low + half] <= value)
        size -= half
    return low


@kernel
def _refill(stack: Stack, state: np.uint64) -> None:
    """Set the state, and take a word if it has room for one."""
    if state < _LEAST_STATE and stack.n_left[0] > 0:
        stack.n_left[0] -= 1
        state = state << _WORD_BITS | np.uint64(stack.words[stack.n_left[0]])
    stack.state[0] = state


@kernel
def _append(symbols: Symbols, left: np.uint64, right: np.uint64) -> None:
    number = symbols.n_symbols[0]
    symbols.lefts[number], symbols.weights[number] = left, right - left
    symbols.n_symbols[0] = number + 1
