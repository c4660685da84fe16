"""A table model ↔ bytes; `docs/format.md`, section 6, is normative."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table.checks import check_table
from ae_pipeline.table.limits import (
    MOST_GUESSES,
    MOST_NUMBERS,
    MOST_SINGLES,
    MOST_SUBCOLUMNS,
    MOST_TABLE_SIGNALS,
)
from ae_pipeline.table.model import Hierarchy, SubColumnModel, TableModel
from ae_pipeline.table.parts.number_streams import NumberReader, NumberWriter
from ae_pipeline.table.parts.part_reader import PartReader
from ae_pipeline.table.parts.part_writer import PartWriter

#: Kinds of numbers in the order of their streams, and how many of each are read.
_KINDS = {
    "order": MOST_SUBCOLUMNS,
    "flags": MOST_SUBCOLUMNS,
    "counts": MOST_SINGLES,
    "sizes": MOST_SINGLES,
    "names": MOST_SINGLES,
    "shifts": MOST_SINGLES,
    "constants": MOST_SINGLES,
    "weights": MOST_SINGLES,
    "lags": MOST_SINGLES,
    "fills": MOST_SINGLES,
    "signals": MOST_TABLE_SIGNALS,
    "cycles": MOST_SINGLES,
    "guesses": MOST_SINGLES,
    "gaps": MOST_NUMBERS,
    "widths": MOST_NUMBERS,
    "listed": MOST_NUMBERS,
    "inside": MOST_NUMBERS,
    "inside_codes": MOST_NUMBERS,
    "asks": MOST_SINGLES,
    "thresholds": MOST_SINGLES,
    "codes": MOST_NUMBERS,
}
_IS_MODELLED, _HAS_BASE, _FOLLOWS, _HAS_LABELS, _HAS_LEVELS, _HAS_DISTANCES = 1, 2, 4, 8, 16, 32


def pack_table(model: TableModel, columns: Sequence[SubColumn]) -> bytes:
    """Pack a table model.

    Args:
        model: of the table.
        columns: all sub-columns, as they will be known to the reader.

    Raises:
        ValueError: this is no model of these sub-columns.
    """
    check_table(model, columns)
    numbers = NumberWriter(_KINDS)
    numbers_of = {column.name: number for number, column in enumerate(columns)}
    places = {name: place for place, name in enumerate(model.order)}
    models = {part.name: part for part in model.models}
    for place, name in enumerate(model.order):
        # An order that is that of the columns is all zeros.
        numbers.put("order", numbers_of[name] - place)
        if name in models:
            _put_model(PartWriter(numbers, place, places), models[name])
        else:
            numbers.put("flags", 0)
    return numbers.to_bytes()


def unpack_table(content: bytes, columns: Sequence[SubColumn]) -> TableModel:
    """Invert `pack_table`.

    Raises:
        ValueError: this is no model of these sub-columns.
    """
    numbers = NumberReader(content, _KINDS)
    steps = numbers.take_array("order", len(columns))
    chosen = steps + np.arange(len(columns))
    if not np.array_equal(np.sort(chosen), np.arange(len(columns))):
        raise ValueError("the order is no permutation of the sub-columns")
    names = [columns[number].name for number in chosen.tolist()]
    models = [
        _take_model(PartReader(numbers, place, names), names[place], flags)
        for place, flags in enumerate(numbers.take_tuple("flags", len(columns)))
        if flags
    ]
    numbers.finish()
    model = TableModel(tuple(names), tuple(models))
    check_table(model, columns)
    return model


def _put_model(parts: PartWriter, model: SubColumnModel) -> None:
    flags = _IS_MODELLED | _HAS_BASE * (model.base is not None)
    flags |= _FOLLOWS * model.follows | _HAS_LABELS * (len(model.labels) > 0)
    if model.hierarchy is not None:
        flags |= _HAS_LEVELS | _HAS_DISTANCES * model.hierarchy.has_distances
        parts.numbers.put("constants", model.hierarchy.middle)
    parts.numbers.put("flags", flags)
    parts.put_names(model.keys)
    if model.base is not None:
        parts.put_linear(model.base)
    if len(model.labels):
        parts.numbers.put("sizes", len(model.labels))
        # Integers in the order of their labels ascend within a bin.
        parts.numbers.put_long(np.diff(np.argsort(model.labels), prepend=0))
    parts.numbers.put("sizes", len(model.guesses))
    for guess in model.guesses:
        parts.put_guess(guess)
    parts.put_bins(model.bins)
    parts.put_tree(model.tree)
    parts.numbers.put_array("codes", model.codes)


def _take_model(parts: PartReader, name: str, flags: int) -> SubColumnModel:
    if not flags & _IS_MODELLED or not 0 <= flags < 2 * _HAS_DISTANCES:
        raise ValueError(f"a model with flags {flags}")
    numbers = parts.numbers
    hierarchy = _take_hierarchy(numbers, flags)
    keys = parts.take_names()
    base = parts.take_linear() if flags & _HAS_BASE else None
    labels = np.zeros(0, np.int32)
    if flags & _HAS_LABELS:
        integers = np.cumsum(numbers.take_long(numbers.take("sizes")))
        labels = np.argsort(integers).astype(np.int32)
        if not np.array_equal(integers[labels], np.arange(len(labels))):
            raise ValueError("the labels are no permutation")
    n_guesses = numbers.take("sizes")
    if not 0 <= n_guesses <= MOST_GUESSES:
        raise ValueError(f"{n_guesses} guesses")
    guesses = tuple(parts.take_guess() for _ in range(n_guesses))
    bins, tree = parts.take_bins(), parts.take_tree()
    n_leaves = int((tree.asks < 0).sum())
    codes = numbers.take_narrow("codes", n_leaves * (n_guesses + len(bins.low) + 1), np.uint8)
    return SubColumnModel(
        name,
        keys,
        base,
        bool(flags & _FOLLOWS),
        labels,
        guesses,
        bins,
        tree,
        codes.reshape(n_leaves, -1),
        hierarchy,
    )


def _take_hierarchy(numbers: NumberReader, flags: int) -> Hierarchy | None:
    if flags & _HAS_LEVELS:
        return Hierarchy(numbers.take("constants"), bool(flags & _HAS_DISTANCES))
    if flags & _HAS_DISTANCES:
        raise ValueError("distances without a hierarchy")
    return None
