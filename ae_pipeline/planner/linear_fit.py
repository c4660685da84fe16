"""Fit the linear predictor: few terms per column, chosen by the bits that they save.

Coded bytes decide which columns are predicted, and in which order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int16, Int32, Int64

from ae_pipeline.coding import (
    BIAS_MAX,
    LinearPredictor,
    context_values,
    nearest_cells,
    pack_contexts,
    pack_integers,
)
from ae_pipeline.coding.linear_prediction import WEIGHT_MAX
from ae_pipeline.planner.moments import Cells, Moments, measure_moments
from ae_pipeline.planner.term_selection import RIDGE, TERM_BITS, select_terms, shortlist

#: Columns that may be predicted from each other.
_MOST_TOGETHER = 512
#: Deviation, in cells, that rounding a column's weights may add.
_ROUNDING = 0.03
_MOST_SHIFT = 24


@dataclass(frozen=True)
class _Column:
    """The part of a `LinearPredictor` that belongs to one column."""

    sources: Int32[np.ndarray, "terms"]
    weights: Int16[np.ndarray, "terms"]
    shift: int
    bias: int
    follows: bool


_NOTHING = _Column(np.zeros(0, np.int32), np.zeros(0, np.int16), 0, 0, False)


def fit_predictor(
    blocks: Sequence[Cells], n_rows: int, most_depth: int = 16
) -> LinearPredictor | None:
    """Fit the predictor that makes these blocks smallest; None if direct coding is as small.

    In very wide tables a column is predicted from its neighbours alone, some hundred of them.

    Args:
        blocks: [features, rows] cells of consecutive rows.
        n_rows: rows of the whole source.
        most_depth: longest chain of columns that are predicted from each other.
    """
    blocks = [block for block in blocks if block.shape[1] > 1]
    if not blocks:
        return None
    starts = range(0, len(blocks[0]), _MOST_TOGETHER)
    groups = [[block[start : start + _MOST_TOGETHER] for block in blocks] for start in starts]
    fitted = [_fit_group(group, n_rows, most_depth) for group in groups]
    if not any(predictor.predicts(n) for predictor in fitted for n in range(len(predictor.counts))):
        return None
    return _side_by_side(fitted, starts)


def _fit_group(blocks: Sequence[Cells], n_rows: int, most_depth: int) -> LinearPredictor:
    """Fit the best predictor of some columns from each other."""
    moments = measure_moments(blocks)
    direct = np.array([_direct_bytes(number, blocks) for number in range(len(blocks[0]))])
    natural = np.arange(len(blocks[0]))
    orders = (natural, np.argsort(direct, kind="stable"), np.argsort(-direct, kind="stable"))
    fitted = [_fit_order(order, blocks, moments, direct, n_rows, most_depth) for order in orders]
    return max(fitted, key=lambda pair: pair[0])[1]


def _side_by_side(groups: Sequence[LinearPredictor], starts: Sequence[int]) -> LinearPredictor:
    """Join the predictors of groups of columns."""
    pairs = list(zip(groups, starts, strict=True))
    return LinearPredictor(
        order=np.concatenate([group.order + np.int32(start) for group, start in pairs]),
        follows=np.concatenate([group.follows for group in groups]),
        counts=np.concatenate([group.counts for group in groups]),
        sources=np.concatenate([group.sources + np.int32(2 * start) for group, start in pairs]),
        weights=np.concatenate([group.weights for group in groups]),
        shifts=np.concatenate([group.shifts for group in groups]),
        biases=np.concatenate([group.biases for group in groups]),
    )


def _fit_order(
    order: Int64[np.ndarray, "features"],
    blocks: Sequence[Cells],
    moments: Moments,
    direct: Int64[np.ndarray, "features"],
    n_rows: int,
    most_depth: int,
) -> tuple[float, LinearPredictor]:
    """Return (bytes saved over the whole source, predictor) for one order of decoding."""
    share = n_rows / sum(block.shape[1] for block in blocks)
    saved = 0.0
    chosen: dict[int, _Column] = {}
    depth = np.zeros(len(order), np.int64)
    for place, number in enumerate(order.tolist()):
        earlier = np.sort(order[:place])
        earlier = earlier[depth[earlier] < most_depth]
        available = np.sort(np.concatenate([2 * earlier, 2 * earlier + 1]))
        best, gain = _NOTHING, 0.0
        for follows in (False, True):
            column = _fit_column(number, available, follows, moments, n_rows)
            n_bytes = _predicted_bytes(number, column, blocks)
            won = share * (float(direct[number]) - n_bytes) - TERM_BITS / 8 * len(column.sources)
            if won > gain:
                best, gain = column, won
        chosen[number] = best
        depth[number] = 1 + depth[best.sources // 2].max(initial=0)
        saved += gain
    return saved, _assemble(order, chosen)


def _fit_column(
    number: int,
    available: Int64[np.ndarray, "sources"],
    follows: bool,
    moments: Moments,
    n_rows: int,
) -> _Column:
    """Choose the terms of one column, with least squares weights, rounded."""
    target = np.zeros(len(moments.mean))
    target[2 * number : 2 * number + 2] = 1.0, -float(follows)
    now, before = moments.covariance[2 * number], moments.covariance[2 * number + 1]
    toward = now - before if follows else now  # covariance of each variable with the target
    available = shortlist(available, toward, moments)
    chosen = available[select_terms(available, toward, float(target @ toward), moments, n_rows)]
    inner = moments.covariance[np.ix_(chosen, chosen)]
    inner += np.diag(RIDGE * np.diag(inner) + 1e-12)
    return _round(chosen, np.linalg.solve(inner, toward[chosen]), target, moments)


def _round(
    sources: Int64[np.ndarray, "terms"],
    weights: Float64[np.ndarray, "terms"],
    target: Float64[np.ndarray, "variables"],
    moments: Moments,
) -> _Column:
    """Round weights to integers, as coarse as the cells allow."""
    power = np.diag(moments.covariance)[sources].sum() + 1.0
    fine = int(np.ceil(np.log2(np.sqrt(power / 12.0) / _ROUNDING)))
    peak = float(np.abs(weights).max(initial=2.0**-20))
    shift = int(np.clip(min(fine, np.floor(np.log2(WEIGHT_MAX / peak))), 0, _MOST_SHIFT))
    integers = np.rint(weights * 2.0**shift)
    kept = integers != 0
    bias = float(target @ moments.mean) * 2.0**shift - float(integers @ moments.mean[sources])
    return _Column(
        sources[kept].astype(np.int32),
        np.clip(integers[kept], -WEIGHT_MAX, WEIGHT_MAX).astype(np.int16),
        shift,
        int(np.clip(np.rint(bias), -BIAS_MAX, BIAS_MAX)),
        bool(target.min() < 0),
    )


def _direct_bytes(number: int, blocks: Sequence[Cells]) -> int:
    """Return the bytes of a column without prediction."""
    return sum(len(pack_integers(block[number].astype(np.int64))) for block in blocks)


def _predicted_bytes(number: int, column: _Column, blocks: Sequence[Cells]) -> int:
    """Return the bytes of a column with this prediction: residuals or contexts."""
    alone = _assemble(np.arange(len(blocks[0])), {number: column})
    total = 0
    for block in blocks:
        cells = block[number].astype(np.int64)
        prediction = alone.prediction(number, block)
        residuals = cells - nearest_cells(prediction)
        if column.follows:
            total += len(pack_integers(residuals - np.concatenate([[0], cells[:-1]])))
            continue
        whole = pack_integers(residuals)
        total += len(pack_contexts(cells, context_values(prediction), len(whole)) or whole)
    return total


def _assemble(
    order: Int64[np.ndarray, "features"], columns: Mapping[int, _Column]
) -> LinearPredictor:
    """Build a predictor; columns that are not given have no terms."""
    every = [columns.get(number, _NOTHING) for number in range(len(order))]
    return LinearPredictor(
        order=order.astype(np.int32),
        follows=np.array([column.follows for column in every], np.int8),
        counts=np.array([len(column.sources) for column in every], np.int16),
        sources=np.concatenate([column.sources for column in every]),
        weights=np.concatenate([column.weights for column in every]),
        shifts=np.array([column.shift for column in every], np.int8),
        biases=np.array([column.bias for column in every], np.int32),
    )
