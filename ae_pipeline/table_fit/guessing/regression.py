"""Robust regression: least absolute deviations by reweighting, so that most rows decide.

Floats serve the search alone; what comes of it is rounded to integers and judged exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

#: Rows farther out, in units of their column's scale, take no part.
_FAR = 200.0
_TRIED = 3

Numbers = Float64[np.ndarray, "_"]
Table = Float64[np.ndarray, "_ _"]


@dataclass(frozen=True)
class Fit:
    """`bias + sum(weight * term)`.

    Args:
        bias: summand.
        weights: by number of the term; those that were not chosen are absent.
        bits: mean of `log2(1 + |residual|)`.
    """

    bias: float
    weights: dict[int, float]
    bits: float


@dataclass(frozen=True)
class _Scaled:
    """Centred columns in units of their own scale."""

    centres: Float64[np.ndarray, "_"]
    scales: Float64[np.ndarray, "_"]
    values: Table

    def unscale(
        self, chosen: list[int], solution: Numbers, centre: float, scale: float
    ) -> tuple[float, dict[int, float]]:
        weights = solution[1:] * scale / self.scales[chosen]
        bias = centre + scale * solution[0] - float(weights @ self.centres[chosen])
        return bias, dict(zip(chosen, weights.tolist(), strict=True))


def _scaled(columns: Table) -> _Scaled:
    centres = np.median(columns, axis=1)
    values = columns - centres[:, None]
    scales = np.percentile(np.abs(values), 80, axis=1)
    far = np.percentile(np.abs(values), 99.5, axis=1)
    scales = np.where(scales > 0, scales, np.where(far > 0, far, values.std(axis=1) + 1e-9))
    return _Scaled(centres, scales, values / scales[:, None])


def _scale_of(values: Numbers) -> float:
    scale = float(np.percentile(np.abs(values), 75))
    return scale if scale > 0 else float(values.std()) + 1e-9


def _near(values: Table) -> Bool[np.ndarray, "_"]:
    is_near = (np.abs(values) < _FAR).all(axis=0)
    return is_near if is_near.sum() > len(is_near) / 2 else np.ones(len(is_near), bool)


def _solve(
    terms: Table, target: Numbers, weights: Numbers, ridge: float
) -> Float64[np.ndarray, "_"]:
    weighted = terms * weights
    moments = weighted @ terms.T
    moments[np.diag_indices_from(moments)] += ridge * np.trace(moments) / len(moments)
    return np.linalg.solve(moments, weighted @ target)


def select_terms(target: Numbers, columns: Table, most: int = 6) -> Fit | None:
    """Choose terms one by one, each the best of those that go best with what is left.

    Returns:
        None if no term helps.
    """
    scaled, centre = _scaled(columns), float(np.median(target))
    near = _near(scaled.values)
    values, rest = scaled.values[:, near], target[near] - centre
    scale = _scale_of(rest)
    goal = rest / scale
    chosen: list[int] = []
    solution, rest, bits = np.zeros(1), goal.copy(), _mean_bits(goal - np.median(goal), scale)
    while len(chosen) < min(most, len(columns)):
        best = _best_addition(values, goal, rest, chosen, scale)
        if best is None or bits - best[0] < 0.02:
            break
        bits, added, solution, rest = best
        chosen.append(added)
    if not chosen:
        return None
    return Fit(*scaled.unscale(chosen, solution, centre, scale), bits)


def _mean_bits(rest: Numbers, scale: float) -> float:
    return float(np.mean(np.log2(1 + np.abs(rest * scale))))


def _best_addition(
    values: Table, goal: Numbers, rest: Numbers, chosen: list[int], scale: float
) -> tuple[float, int, Numbers, Numbers] | None:
    weights = 1 / np.maximum(np.abs(rest), 0.05 * _scale_of(rest))
    weighted = values * weights
    merit = np.abs(weighted @ rest) / np.sqrt((weighted * values).sum(axis=1) + 1e-9)
    merit[chosen] = -1
    found = None
    for term in np.argsort(-merit, kind="stable")[:_TRIED].tolist():
        if merit[term] <= 0:
            break
        solution, left = _reweighted(values[[*chosen, term]], goal, rest)
        bits = _mean_bits(left, scale)
        if found is None or bits < found[0]:
            found = bits, term, solution, left
    return found


def _reweighted(values: Table, goal: Numbers, rest: Numbers) -> tuple[Numbers, Numbers]:
    terms = np.concatenate([np.ones((1, len(goal))), values])
    solution = np.zeros(len(terms))
    for step in range(7):
        # Relative to what is left: a term may matter that is small beside the others.
        least = (1e-3 if step > 3 else 0.02) * _scale_of(rest) + 1e-12
        solution = _solve(terms, goal, 1 / np.maximum(np.abs(rest), least), 1e-9)
        rest = goal - solution @ terms
    return solution, rest


def fit_all(target: Numbers, columns: Table, steps: int = 30) -> Fit:
    """Fit all terms at once; exact where most rows obey an exact relation."""
    scaled, centre = _scaled(columns), float(np.median(target))
    near = _near(scaled.values)
    terms = np.concatenate([np.ones((1, int(near.sum()))), scaled.values[:, near]])
    rest = target[near] - centre
    scale = _scale_of(rest)
    goal = rest / scale
    rest, solution = goal.copy(), np.zeros(len(terms))
    for step in range(steps):
        least = max(10.0 ** (-1 - step / 5), 1e-7)
        solution = _solve(terms, goal, 1 / np.maximum(np.abs(rest), least), 1e-10)
        rest = goal - solution @ terms
    return Fit(
        *scaled.unscale(list(range(len(columns))), solution, centre, scale), _mean_bits(rest, scale)
    )
