"""The rules that a table model keeps to, so that nothing it says can fail or run on later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Int64, UInt8

from ae_pipeline.coding.symbols.frequencies import MOST_CODE
from ae_pipeline.mapping.subcolumn import SubColumn
from ae_pipeline.table import limits
from ae_pipeline.table.between.own_signals import OWN_SIGNALS
from ae_pipeline.table.model import (
    Bins,
    Dependence,
    Guess,
    Linear,
    Neighbour,
    Previous,
    Signal,
    SubColumnModel,
    TableModel,
    Term,
    Tree,
)
from ae_pipeline.table.subcolumn_coder import needs_of
from ae_pipeline.table.trees import right_children

_INT64 = range(-(1 << 63), 1 << 63)
#: Sources and numbers of signals; None for any that are allowed.
_N_SOURCES = {"linear": (0,), "first": range(1, limits.MOST_KEYS + 1)}
_N_SOURCES |= dict.fromkeys(OWN_SIGNALS, (0,))
_N_NUMBERS = {"cycle": 2, "rank": None}


def check_table(model: TableModel, columns: Sequence[SubColumn]) -> None:
    """Raise ValueError if a model is not one of a table with these sub-columns."""
    by_name = {column.name: column for column in columns}
    if sorted(model.order) != sorted(by_name) or len(by_name) != len(columns):
        raise ValueError("the order does not name every sub-column once")
    models = {part.name: part for part in model.models}
    if [name for name in model.order if name in models] != [part.name for part in model.models]:
        raise ValueError("the models are not in the order of their sub-columns")
    before: set[str] = set()
    for name in model.order:
        column = by_name[name]
        if not {column.parent or name, column.space or name} <= {*before, name}:
            raise ValueError(f"sub-column {name!r} comes before one that says where it has rows")
        if name in models:
            needs = needs_of(models[name])
            if not needs <= before or any(by_name[need].space != column.space for need in needs):
                raise ValueError(f"the model of {name!r} asks for what is not known of its rows")
            check_model(models[name])
        before.add(name)


def check_model(model: SubColumnModel) -> None:
    """Raise ValueError if a model is not one, whatever the sub-columns that it names."""
    _check_names(model.keys)
    if model.base is not None:
        _check_linear(model.base)
    if not np.array_equal(np.sort(model.labels), np.arange(len(model.labels))):
        raise ValueError("the labels are no permutation")
    _require(len(model.guesses) <= limits.MOST_GUESSES, f"{len(model.guesses)} guesses")
    for guess in model.guesses:
        _check_guess(guess, model)
    _check_hierarchy(model)
    _check_bins(model.bins)
    _check_tree(model.tree)
    n_leaves = int((model.tree.asks < 0).sum())
    shape = (n_leaves, len(model.guesses) + len(model.bins.low) + 1)
    _require(model.codes.shape == shape, f"codes of shape {model.codes.shape}, expected {shape}")
    _check_codes(model.codes)


def _check_names(names: tuple[str, ...]) -> None:
    is_short = len(names) <= limits.MOST_KEYS
    _require(is_short and len(set(names)) == len(names), f"keys {names}")


def _check_linear(linear: Linear) -> None:
    _require(0 <= linear.shift <= limits.MOST_SHIFT, f"a shift by {linear.shift} bits")
    _check_sum(linear.bias, linear.terms)


def _check_sum(constant: int, terms: tuple[Term, ...]) -> None:
    _require(len(terms) <= limits.MOST_TERMS, f"a sum of {len(terms)} terms")
    _check_integers([constant, *(n for term in terms for n in (term.weight, term.fill))])


def _check_integers(numbers: Iterable[int]) -> None:
    _require(all(number in _INT64 for number in numbers), "a number does not fit 64 bits")


def _check_guess(guess: Guess, model: SubColumnModel) -> None:
    if isinstance(guess, Neighbour):
        _require(model.hierarchy is not None, "a guess of neighbours without a hierarchy")
    elif isinstance(guess, Previous):
        _require(model.hierarchy is None, "a repetition in a hierarchy")
        _check_names(guess.keys)
        is_same = not model.follows or guess.keys == model.keys
        _require(is_same, "a repetition in another order than that of the changes")
    elif isinstance(guess, Dependence):
        _require(1 <= len(guess.sources) <= 2, f"a table of {len(guess.sources)} sub-columns")
        _require(len(guess.keys) == len(guess.values) > 0, f"a table of {len(guess.keys)} keys")
        _require(_ascends(guess.keys), "keys of a table do not ascend")
    else:
        _check_sum(guess.constant, guess.terms)
        _check_integers([guess.divisor, guess.start, guess.period])
        _require(not any(term.is_lag for term in guess.terms), "a relation with another row")
        _require(guess.divisor >= 1, f"a division by {guess.divisor}")
        _require(guess.period >= 0, f"a cycle of {guess.period}")


def _check_hierarchy(model: SubColumnModel) -> None:
    if model.hierarchy is None:
        has_own = any(signal.kind in OWN_SIGNALS for signal in model.tree.signals)
        _require(not has_own, "a signal of neighbours without a hierarchy")
        return
    _check_integers([model.hierarchy.middle])
    _require(not model.follows, "changes in a hierarchy")
    has_no_use = model.base is not None and not model.hierarchy.has_distances
    _require(not has_no_use, "a prediction of distances that are not coded")


def _check_bins(bins: Bins) -> None:
    _require(len(bins.low) == len(bins.high) == len(bins.n_inside), "bins that lack a part")
    _require(len(bins.low) <= limits.MOST_BINS, f"{len(bins.low)} bins")
    is_apart = (bins.high >= bins.low).all() and (bins.low[1:] > bins.high[:-1]).all()
    _require(bool(is_apart), "bins do not ascend")
    n_listed = int(bins.n_inside.sum(dtype=np.int64))
    has_lists = bool((bins.n_inside >= 0).all()) and n_listed == len(bins.inside)
    _require(has_lists and n_listed == len(bins.inside_codes), "lists of bins lack integers")
    if n_listed:
        _check_lists(bins)


def _check_lists(bins: Bins) -> None:
    low, high = (np.repeat(ends, bins.n_inside) for ends in (bins.low, bins.high))
    is_inside = (bins.inside >= low).all() and (bins.inside <= high).all()
    _require(bool(is_inside) and _ascends(bins.inside), "listed integers are not in their bin")
    _require(int(bins.inside_codes.max()) <= MOST_CODE, "a frequency code is too large")
    starts = (np.cumsum(bins.n_inside) - bins.n_inside)[bins.n_inside > 0]
    has_one = np.maximum.reduceat(bins.inside_codes, starts) > 0
    _require(bool(has_one.all()), "a table without a frequency")


def _check_tree(tree: Tree) -> None:
    asks = tree.asks.tolist()
    _require(len(tree.signals) <= limits.MOST_SIGNALS, f"{len(tree.signals)} signals")
    _require(len(asks) < 2 * limits.MOST_LEAVES, f"a tree of {len(asks)} nodes")
    _require(len(asks) == len(tree.thresholds) == len(tree.rights), "nodes that lack a part")
    _require(right_children(asks) == tree.rights.tolist(), "a tree that is not in preorder")
    _require(max(asks) < len(tree.signals), "a node asks for a signal that its tree lacks")
    depths = [0]
    for ask in asks:
        depth = depths.pop()
        depths += [depth + 1] * (2 * (ask >= 0))
        _require(depth <= limits.MOST_DEPTH, f"a tree deeper than {limits.MOST_DEPTH} questions")
    for signal in tree.signals:
        _check_signal(signal)


def _check_signal(signal: Signal) -> None:
    allowed = _N_SOURCES.get(signal.kind, (1,))
    _require(len(signal.sources) in allowed, f"{signal.kind} of {len(signal.sources)} sources")
    n_numbers = _N_NUMBERS.get(signal.kind, 0)
    has_numbers = bool(signal.numbers) if n_numbers is None else len(signal.numbers) == n_numbers
    _require(has_numbers, f"{signal.kind} with {len(signal.numbers)} numbers")
    _check_integers(signal.numbers)
    if signal.kind == "cycle":
        _require(min(signal.numbers) >= 1, f"a cycle of {signal.numbers}")
    _require((signal.kind == "linear") == (signal.linear is not None), "a prediction, or none")
    if signal.linear is not None:
        _check_linear(signal.linear)


def _check_codes(codes: UInt8[np.ndarray, "leaves tokens"]) -> None:
    _require(int(codes.max()) <= MOST_CODE, f"frequency code {codes.max()} is above {MOST_CODE}")
    _require(bool(codes.any(axis=1).all()), "a table without a frequency")


def _ascends(numbers: Int64[np.ndarray, "numbers"]) -> bool:
    return bool((numbers[1:] > numbers[:-1]).all())


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ValueError(f"table model: {otherwise}")
