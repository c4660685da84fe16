"""A series: levels of rows, each predicted from those around it (section 4.8)."""

from __future__ import annotations

from tests.support.format_reader.symbols import Symbols, number_below

_N_CONTEXTS, _ALL_ROWS = 8, 7


def read_series(content: bytes, m: int) -> tuple[list[int], int]:
    """Y of every row, and F."""
    if not m:
        return [], 0
    n_levels = (m - 1).bit_length()
    fraction, knots = content[0], content[1]
    assert fraction <= 16
    assert knots <= n_levels
    n_ways = n_levels - knots
    ways, end = content[2 : 2 + n_ways], 2 + n_ways + (knots > 0)
    symbols = Symbols(content[end:])
    tables = [_table(symbols) for _ in range(_N_CONTEXTS)]
    y, r = [0] * m, [0] * m
    (first,) = _below(symbols, 1, 1 << symbols.equally_likely(63))
    y[0] = _unzigzag(first) << fraction
    for place, way in enumerate(ways):
        stride = 1 << (n_levels - 1 - place)
        rows = range(stride, m, 2 * stride)
        known = range(0, m, 2 * stride)
        sizes = [0, *(min(abs(r[row]), 1 << 20) for row in known[1:])]
        contexts = [_context(sizes, k) for k in range(len(rows))]
        step = max((64 - way // 4 << fraction) // 64, 1)
        own = _integers(symbols, tables, contexts)
        predicted = [_predict([y[row] for row in known], k, way % 4) for k in range(len(rows))]
        for row, p, one in zip(rows, predicted, own, strict=True):
            y[row], r[row] = p + one * step, one
    if knots:
        for level in reversed(range(knots)):
            stride = 1 << level
            known = [y[row] for row in range(0, m, 2 * stride)]
            for k, row in enumerate(range(stride, m, 2 * stride)):
                y[row] = _predict(known, k, content[end - 1])
        own = _integers(symbols, tables, [_ALL_ROWS] * m)
        y = [one + (around << fraction) for one, around in zip(y, own, strict=True)]
    assert symbols.is_at_end()
    return y, fraction


def _table(symbols: Symbols) -> list[int]:
    classes = [symbols.equally_likely(4) for _ in range(symbols.equally_likely(133))]
    codes = [min(one, 1) for one in classes]
    for own, first, size in ((2, 2, 16), (3, 18, 80)):
        for place in (place for place, one in enumerate(classes) if one == own):
            codes[place] = first + symbols.equally_likely(size)
    return codes


def _predict(a: list[int], k: int, o: int) -> int:  # noqa: PLR0911  as the format says it
    n = len(a)
    if k == 0 and n == 1:
        return a[0]
    if k == n - 1:
        return a[k] + (a[k] - a[k - 1]) // 2
    if o == 2 and 2 <= k <= n - 4:
        near, middle, far = a[k] + a[k + 1], a[k - 1] + a[k + 2], a[k - 2] + a[k + 3]
        return (150 * near - 25 * middle + 3 * far + 128) // 256
    if o and 1 <= k <= n - 3:
        return (9 * (a[k] + a[k + 1]) - a[k - 1] - a[k + 2] + 8) // 16
    if o and k == 0 and n >= 4:
        return (3 * a[0] + 6 * a[1] - a[2] + 4) // 8
    if o and k == n - 2 and n >= 4:
        return (3 * a[n - 1] + 6 * a[n - 2] - a[n - 3] + 4) // 8
    return (a[k] + a[k + 1] + 1) // 2


def _context(b: list[int], k: int) -> int:
    left, right, before, after = (
        b[max(0, min(place, len(b) - 1))] for place in (k, k + 1, k - 1, k + 2)
    )
    return min(6, (2 * (left + right) + before + after).bit_length())


def _integers(symbols: Symbols, tables: list[list[int]], contexts: list[int]) -> list[int]:
    tokens = [0] * len(contexts)
    for context in range(_N_CONTEXTS):
        for row in (row for row, own in enumerate(contexts) if own == context):
            assert tables[context]
            tokens[row] = symbols.from_table(tables[context])
    zigzags = list(tokens)
    for token in sorted({token for token in tokens if token >= 16}):
        e = 4 + (token - 16) // 2
        rows = [row for row, own in enumerate(tokens) if own == token]
        for row, rest in zip(rows, _below(symbols, len(rows), 1 << (e - 1)), strict=True):
            zigzags[row] = (1 << e) + ((token & 1) << (e - 1)) + rest
    return [_unzigzag(one) for one in zigzags]


def _below(symbols: Symbols, count: int, size: int) -> list[int]:
    numbers = [0] * count
    for shift, part in number_below(size):
        numbers = [number + (symbols.equally_likely(part) << shift) for number in numbers]
    return numbers


def _unzigzag(number: int) -> int:
    return -(number + 1) // 2 if number % 2 else number // 2
