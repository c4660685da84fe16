"""Choose the reference that each stretch of a block follows: the one that saves most bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.mapping.subcolumn import Sequence
from ae_pipeline.table.references.rows import STRETCH, Picks, References

#: Part of the entropy of a stretch's integers that coding them without a reference takes.
_CODED = 0.5
#: A pick that saves fewer bits is not worth it.
_LEAST_BITS = 64.0

Saved = Float64[np.ndarray, "names stretches"]
#: Bits of the integers of each stretch, by sub-column.
Surprise = Mapping[str, Float64[np.ndarray, "stretches"]]


def pick_references(references: References, known: Mapping[str, Sequence]) -> Picks:
    """Return what each stretch of a block, of a row at least, follows.

    Args:
        references: of the codec.
        known: the sub-columns of a block that references keep.
    """
    bits = surprise(known, references.names)
    saved = np.stack(
        [
            saved_bits(references, number, known, bits)
            for number in range(1, len(references.sizes) + 1)
        ]
    )
    totals = saved.sum(axis=1)
    best = np.where(totals.max(axis=0) > _LEAST_BITS, totals.argmax(axis=0) + 1, 0)
    of_best = np.take_along_axis(saved, np.maximum(best - 1, 0)[None, None], axis=0)[0]
    return Picks(best, (best > 0) & (of_best > 0))


def saved_bits(
    references: References, number: int, known: Mapping[str, Sequence], bits: Surprise
) -> Saved:
    """Estimate what following a reference saves, of each sub-column in each stretch.

    Args:
        references: of the codec.
        number: of one of them, from 1.
        known: the sub-columns of a block that references keep.
        bits: their `surprise`.
    """
    places = references.find(number, known)
    saved = []
    for name in references.names:
        same = _is_same(known[name], references.sequences[name], places)
        shares = _by_stretch(same.astype(np.float64)) / _lengths(len(places))
        gained = _CODED * shares * bits[name] - _lengths(len(places)) * _binary_entropy(shares)
        saved.append(np.maximum(gained, 0.0))
    return np.stack(saved) if saved else np.zeros((0, -(-len(places) // STRETCH)))


def surprise(known: Mapping[str, Sequence], names: Iterable[str]) -> Surprise:
    """Return the bits of the integers of each stretch, each coded with its own frequencies."""
    return {name: _entropies(_values(known[name])) for name in names}


def _entropies(values: Int64[np.ndarray, "rows"]) -> Float64[np.ndarray, "stretches"]:
    n_whole = len(values) // STRETCH * STRETCH
    parts = [values[:n_whole].reshape(-1, STRETCH), values[None, n_whole:]]
    return np.concatenate([_entropies_of(part) for part in parts if part.size])


def _entropies_of(values: Int64[np.ndarray, "stretches n"]) -> Float64[np.ndarray, "stretches"]:
    ascending = np.sort(values, axis=1)
    is_last = np.ones(values.shape, bool)
    is_last[:, :-1] = ascending[:, 1:] != ascending[:, :-1]
    ends = np.flatnonzero(is_last)
    counts = np.diff(ends, prepend=-1)
    bits = counts * np.log2(values.shape[1] / counts)
    return np.bincount(ends // values.shape[1], bits)


def _is_same(
    own: Sequence, kept: Sequence, places: Int64[np.ndarray, "rows"]
) -> Bool[np.ndarray, "rows"]:
    """Return the rows that hold what the reference says, or nothing where it says so."""
    result: Bool[np.ndarray, "rows"] = (places >= 0) & (_values(own) == _values(kept)[places])
    return result


def _values(sequence: Sequence) -> Int64[np.ndarray, "_"]:
    """Return the integers, and one that nobody else has where there is none."""
    if sequence.live is None:
        return sequence.integers
    return np.where(sequence.live, sequence.integers, np.iinfo(np.int64).min)


def _by_stretch(numbers: Float64[np.ndarray, "rows"]) -> Float64[np.ndarray, "stretches"]:
    starts = np.arange(0, len(numbers), STRETCH)
    return np.add.reduceat(numbers, starts) if len(numbers) else np.zeros(0)


def _lengths(n_rows: int) -> Float64[np.ndarray, "stretches"]:
    return np.diff(np.arange(0, n_rows, STRETCH), append=n_rows).astype(np.float64)


def _binary_entropy(shares: Float64[np.ndarray, "stretches"]) -> Float64[np.ndarray, "stretches"]:
    both = np.stack([shares, 1 - shares])
    return -(both * np.log2(both, where=both > 0, out=np.zeros_like(both))).sum(axis=0)
