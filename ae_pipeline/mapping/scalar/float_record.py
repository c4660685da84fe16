"""Mappings of floats from JSON trees."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
from pyarrow import types

from ae_pipeline.coding.entropy import unpack_numbers
from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.checked import boolean_of, integer_of, word_of
from ae_pipeline.mapping.scalar.affine import affine_of_json
from ae_pipeline.mapping.scalar.bit_order import float_kind
from ae_pipeline.mapping.scalar.floats import FloatMapping
from ae_pipeline.mapping.scalar.rules import MOST_PLACES, RULES
from ae_pipeline.mapping.scalar.scales import (
    MOST_DIGITS,
    MOST_SINGLE_DIGITS,
    BitScale,
    DecimalScale,
    DigitScale,
    RankScale,
    Scale,
    SingleScale,
)

#: No writer makes larger tables.
MOST_RANKS = 1 << 20
_SCALES = frozenset(
    one.kind for one in (DecimalScale, DigitScale, SingleScale, RankScale, BitScale)
)


def floats_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    """Read a `FloatMapping`; ValueError, KeyError or TypeError if damaged."""
    n_bits = integer_of(tree, "n_bits", 16, 64)
    if not types.is_floating(kind) or n_bits not in {16, 32, 64} or n_bits > kind.bit_width:
        raise ValueError(f"no floats of {n_bits} bits in a column of type {kind}")
    return FloatMapping(
        column=column,
        type=kind,
        has_nulls=boolean_of(tree, "has_nulls"),
        n_bits=n_bits,
        has_specials=boolean_of(tree, "has_specials"),
        has_repairs=boolean_of(tree, "has_repairs"),
        scale=_scale_of_json(tree, n_bits, tables),
        affine=affine_of_json(tree),
    )


def _scale_of_json(tree: Dictionary[str, Any], n_bits: int, tables: Sequence[bytes]) -> Scale:
    kind = word_of(tree, "scale", _SCALES)
    if kind == BitScale.kind:
        return BitScale()
    if kind == RankScale.kind:
        return _ranks(tree, n_bits, tables)
    rule = word_of(tree, "rule", frozenset(RULES))
    if kind == DecimalScale.kind:
        return DecimalScale(integer_of(tree, "places", 0, MOST_PLACES), rule)
    if kind == SingleScale.kind:
        return _single(tree, n_bits, rule)
    least = integer_of(tree, "least", -MOST_PLACES - MOST_DIGITS, MOST_PLACES + MOST_DIGITS)
    return DigitScale(integer_of(tree, "digits", 1, MOST_DIGITS), least, rule)


def _single(tree: Dictionary[str, Any], n_bits: int, rule: str) -> Scale:
    if n_bits < 64:
        raise ValueError(f"floats of 32 bits printed and read as {n_bits}")
    return SingleScale(integer_of(tree, "digits", 1, MOST_SINGLE_DIGITS), rule)


def _ranks(tree: Dictionary[str, Any], n_bits: int, tables: Sequence[bytes]) -> Scale:
    n_values = integer_of(tree, "n_values", 1, MOST_RANKS)
    if len(tables) != 1:
        raise ValueError(f"{len(tables)} tables of ranks, expected 1")
    table = unpack_numbers(tables[0], n_values, float_kind(n_bits))
    if not (np.isfinite(table).all() and (table[1:] > table[:-1]).all()):
        raise ValueError("values of a table are not finite and ascending")
    return RankScale(table)
