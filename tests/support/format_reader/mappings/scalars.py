"""Integers, clocks and floats (sections 7.2 and 7.3)."""

from __future__ import annotations

import math
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa

from tests.support.format_reader.mappings.parts import FLOATS, of_bytes
from tests.support.format_reader.streams import read_numbers
from tests.support.format_reader.table_model import wrap

RULES = ["divide", "multiply", "divide_in_turn", "trim"]


def integers_of(tree: dict[str, Any], kind: pa.DataType, q: list[int]) -> pa.Array:
    """Values of an `integer` mapping."""
    return _fit([wrap(tree["offset"] + tree["step"] * one) for one in q], kind)


def clocks_of(kind: pa.DataType, q: list[int]) -> pa.Array:
    """Values of a `clock` mapping."""
    return _fit([one // 60 * 100 + one % 60 for one in q], kind)


def wide_of(kind: pa.DataType, limbs: list[list[int]], n: int) -> pa.Array:
    """Values of a `wide` mapping, from limbs of which the highest is the first."""
    top = len(limbs) - 1
    values = [sum(limb[row] << 48 * (top - i) for i, limb in enumerate(limbs)) for row in range(n)]
    return _fit(values, kind)


def _fit(values: list[int], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):
        return pa.array([value == 1 for value in values], kind)
    width = kind.bit_width // 8
    content = b"".join((one % (1 << 8 * width)).to_bytes(width, "little") for one in values)
    return of_bytes(content, kind, len(values))


def floats_of(
    tree: dict[str, Any],
    kind: pa.DataType,
    tables: list[bytes],
    q: list[int],
    repairs: list[int] | None,
    specials: list[int] | None,
) -> pa.Array:
    """Values of a `float` mapping."""
    narrow, wide = np.dtype(FLOATS[tree["n_bits"]]), np.dtype(FLOATS[kind.bit_width])
    ranks = np.zeros(0, narrow)
    if tree["scale"] == "rank":
        ranks = read_numbers(tables[0], tree["n_values"], narrow)
    values = np.zeros(len(q), wide)
    for row, one in enumerate(q):
        number = wrap(tree["offset"] + tree["step"] * one)
        value = _on_scale(tree, ranks, narrow, number, tree.get("rule", ""))
        if repairs:
            value = _repaired(tree, narrow, number, value, repairs[row])
        values[row] = value
        if specials and specials[row]:
            values[row] = (np.nan, np.inf, -np.inf, -0.0)[specials[row] - 1]
    return of_bytes(values.tobytes(), kind, len(q))


def _on_scale(
    tree: dict[str, Any], ranks: np.ndarray, narrow: np.dtype, k: int, rule: str
) -> np.floating:
    if tree["scale"] == "rank":
        return ranks[k]
    if tree["scale"] == "bits":
        return _of_order(k, narrow)
    if tree["scale"] == "decimal":
        return _rounded(_by_rule(rule, float(k), tree["places"]), narrow)
    if tree["scale"] == "single":
        return _rounded(_of_single(tree, k, rule), narrow)
    return _rounded(_of_digits(tree, k, rule), narrow)


def _of_single(tree: dict[str, Any], k: int, rule: str) -> float:
    s = float(_of_order(k, np.dtype("<f4")))
    e = max((one for one in range(-46, 40) if float(f"1e{one}") <= abs(s)), default=-47)
    p = tree["digits"] - 1 - e
    if p < 0:
        value = round(abs(s) / float(f"1e{-p}")) * float(f"1e{-p}")
    else:
        power = float(f"1e{p}")
        fraction, exponent = math.frexp(power)
        upper = math.ldexp(math.floor(fraction * 2**26), exponent - 26)
        high, low = abs(s) * upper, abs(s) * (power - upper)
        m = float(round(high)) + float(round((high - float(round(high))) + low))
        value = _by_rule(rule, m, p)
    return -value if s < 0 else value


def _of_digits(tree: dict[str, Any], k: int, rule: str) -> float:
    if not k:
        return 0.0
    s = 10 ** (tree["digits"] - 1)
    a, b = divmod(abs(k) - 1, 9 * s)
    p = tree["digits"] - 1 - (min(a, 600) + tree["least"])
    p = max(min(p, 300), -300)
    m = float(b + s)
    value = _by_rule(rule, m, p) if p >= 0 else m * float(f"1e{-p}")
    return -value if k < 0 else value


def _by_rule(rule: str, m: float, p: int) -> float:
    if rule == "divide":
        return m / float(f"1e{p}")
    if rule == "multiply":
        return m * float(f"1e-{p}")
    if rule == "trim":
        while p > 0 and m and round(m / 10) * 10.0 == m:
            m, p = float(round(m / 10)), p - 1
    for bit in range(9):
        if p >> bit & 1:
            m = m / float(f"1e{1 << bit}")
    return m


def _rounded(value: float, narrow: np.dtype) -> np.floating:
    with np.errstate(over="ignore"):
        return np.float64(value).astype(narrow)


def _of_order(order: int, narrow: np.dtype) -> np.floating:
    n_bits = 8 * narrow.itemsize
    bits = order if order >= 0 else -(1 << (n_bits - 1)) - order
    return np.frombuffer((bits % (1 << n_bits)).to_bytes(narrow.itemsize, "little"), narrow)[0]


def _to_order(value: np.floating, narrow: np.dtype) -> int:
    bits = int.from_bytes(np.array(value, narrow).tobytes(), "little", signed=True)
    return bits if bits >= 0 else -(1 << (8 * narrow.itemsize - 1)) - bits


def _repaired(
    tree: dict[str, Any], narrow: np.dtype, k: int, value: np.floating, category: int
) -> np.floating:
    if category <= 8:
        return (
            _of_order(_to_order(value, narrow) + category - 4, narrow) if category != 4 else value
        )
    return _on_scale(tree, np.zeros(0, narrow), narrow, k, RULES[category - 9])
