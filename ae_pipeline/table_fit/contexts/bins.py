"""Bins of integers by the minimum description length: a bin pays for itself or is not made.

A bin is split where that saves the most bits; integers inside are listed with frequencies where
that costs less than taking them for equally likely.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.coding.symbols.frequencies import counts_to_codes
from ae_pipeline.table.model import Bins
from ae_pipeline.table_fit.contexts.bits import entropy_bits, width_bits

#: Wider bins are not made: what lies there is escaped.
_MOST_WIDTH_BITS = 60.0
_MOST_LISTED = 8192
_SPLITS_TRIED = 2048
_FREQUENT_TRIED = 512


@dataclass(frozen=True)
class Histogram:
    """Distinct integers, ascending, and how many rows of the archive hold each."""

    values: Int64[np.ndarray, "distinct"]
    counts: Float64[np.ndarray, "distinct"]


def make_histogram(values: Int64[np.ndarray, "rows"], scale: float = 1.0) -> Histogram:
    """Count integers; each stands for `scale` rows."""
    distinct, counts = np.unique(values, return_counts=True)
    return Histogram(distinct, counts * scale)


def make_bins(histogram: Histogram, most: int = 160) -> Bins:
    """Split the range of the integers into at most `most` bins, while that pays."""
    if not len(histogram.values):
        return _bins_of(histogram, [])
    splitter = _Splitter(histogram)
    return _bins_of(histogram, splitter.segments(most))


class _Splitter:
    """Best-first splitting of runs of distinct integers."""

    def __init__(self, histogram: Histogram) -> None:
        self._numbers = histogram.values.astype(np.float64)
        self._counts = histogram.counts
        self._sums = np.concatenate([[0.0], np.cumsum(histogram.counts)])
        self._penalty = 14.0 + 0.8 * np.log2(self._numbers[-1] - self._numbers[0] + 1)

    def segments(self, most: int) -> list[tuple[int, int]]:
        found = {(0, len(self._numbers))}
        heap = [self._best_split(0, len(self._numbers))]
        while len(found) < most:
            gain, first, end, middle = heapq.heappop(heap) if heap else (0.0, 0, 0, 0)
            if -gain < self._penalty:
                break
            found.remove((first, end))
            for part in ((first, middle), (middle, end)):
                found.add(part)
                heapq.heappush(heap, self._best_split(*part))
        return sorted(found)

    def _best_split(self, first: int, end: int) -> tuple[float, int, int, int]:
        if end - first < 2:
            return 0.0, first, end, first
        places = self._places(first, end)
        before = self._cost(first, np.append(places, end))  # the last of all: without a split
        costs = before[:-1] + self._cost(places, end)
        best = int(np.argmin(costs))
        gain = float(before[-1] - costs[best])
        return -gain, first, end, int(places[best])

    def _cost(
        self, first: int | Int64[np.ndarray, "_"], end: int | Int64[np.ndarray, "_"]
    ) -> Float64[np.ndarray, "_"]:
        """Bits of the rows of a segment, but for those of the total."""
        rows = self._sums[end] - self._sums[first]
        width = self._numbers[end - 1] - self._numbers[first] + 1
        return rows * np.log2(width) - rows * np.log2(rows)

    def _places(self, first: int, end: int) -> Int64[np.ndarray, "_"]:
        """Places to split at: all of a short segment, some and those beside frequent integers."""
        places = np.arange(first + 1, end)
        if len(places) <= 2 * _SPLITS_TRIED:
            return places
        frequent = first + np.argsort(-self._counts[first:end], kind="stable")[:_FREQUENT_TRIED]
        tried = np.concatenate([places[:: len(places) // _SPLITS_TRIED], frequent, frequent + 1])
        return np.unique(tried[(tried > first) & (tried < end)])


def _bins_of(histogram: Histogram, segments: list[tuple[int, int]]) -> Bins:
    values, counts = histogram.values, histogram.counts
    kept = [part for part in segments if _bits(values, *part) <= _MOST_WIDTH_BITS]
    listed = [_is_worth_listing(values[slice(*part)], counts[slice(*part)]) for part in kept]
    inside = [slice(*part) for part, is_listed in zip(kept, listed, strict=True) if is_listed]
    empty = np.zeros(0, np.int64)
    sizes = [
        (end - first) * is_listed for (first, end), is_listed in zip(kept, listed, strict=True)
    ]
    return Bins(
        low=values[[first for first, _ in kept]] if kept else empty,
        high=values[[end - 1 for _, end in kept]] if kept else empty,
        n_inside=np.array(sizes, np.int32),
        inside=np.concatenate([empty, *(values[part] for part in inside)]),
        inside_codes=np.concatenate(
            [np.zeros(0, np.uint8), *(counts_to_codes(counts[part]) for part in inside)]
        ),
    )


def _bits(values: Int64[np.ndarray, "distinct"], first: int, end: int) -> float:
    return float(width_bits(values[first : first + 1], values[end - 1 : end])[0])


def _is_worth_listing(
    values: Int64[np.ndarray, "listed"], counts: Float64[np.ndarray, "listed"]
) -> bool:
    n_values, rows = len(values), float(counts.sum())
    if not 1 < n_values <= _MOST_LISTED or rows < 3 * n_values:
        return False
    bits = _bits(values, 0, n_values)
    table = n_values * (8.0 + bits - np.log2(n_values))
    return bool(entropy_bits(counts) + table < rows * bits)


def inside_bits(bins: Bins) -> Float64[np.ndarray, "bins"]:
    """Return the bits that one integer takes inside its bin, on average."""
    bits = width_bits(bins.low, bins.high)
    ends = np.cumsum(bins.n_inside)
    for place in np.flatnonzero(bins.n_inside):
        codes = bins.inside_codes[ends[place] - bins.n_inside[place] : ends[place]]
        shares = np.exp2(codes / 4.0)
        shares /= shares.sum()
        bits[place] = -(shares * np.log2(shares)).sum()
    return bits
