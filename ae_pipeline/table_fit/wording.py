"""How a sub-column is coded, in words for people who never read a model."""

from __future__ import annotations

from collections.abc import Iterable

from ae_pipeline.errors import listing
from ae_pipeline.table.model import Dependence, Guess, Neighbour, Relation, SubColumnModel

#: Coded without a model.
BY_ITSELF = "by itself"
#: Names that a phrase has room for.
_MOST_NAMES = 3


def way_of(model: SubColumnModel) -> str:
    """Return how a model codes: `changes; depends on dewp, temp; 13 contexts`."""
    words = [_start(model)]
    if model.base is not None and model.base.terms:
        words.append(f"linear in {_named(term.source for term in model.base.terms)}")
    words += map(_guess, model.guesses)
    n_contexts = int((model.tree.asks < 0).sum())
    if n_contexts > 1:
        words.append(f"{n_contexts} contexts")
    return "; ".join(dict.fromkeys(words))


def _start(model: SubColumnModel) -> str:
    if model.hierarchy is not None:
        return "between neighbours"
    start = "changes" if model.follows else "values"
    return f"{start} by {_named(model.keys)}" if model.keys and model.follows else start


def _guess(guess: Guess) -> str:
    if isinstance(guess, Neighbour):
        return "equals a neighbour"
    if isinstance(guess, Relation) and not guess.terms:
        return "one integer"
    if isinstance(guess, Relation):
        return f"sum of {_named(term.source for term in guess.terms)}"
    if isinstance(guess, Dependence):
        return f"depends on {_named(guess.sources)}"
    return f"repeats by {_named(guess.keys)}" if guess.keys else "repeats"


def _named(names: Iterable[str]) -> str:
    return listing(list(dict.fromkeys(names)), _MOST_NAMES)
