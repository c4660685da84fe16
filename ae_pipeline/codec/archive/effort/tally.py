"""Measure what each way takes over some blocks, so that later blocks need not try them all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ae_pipeline.codec.archive.effort.choice import COUNTED, SMALL, Limits, Place, WayChoice
from ae_pipeline.coding import NETWORK_METHODS, Method
from ae_pipeline.columns import rounded
from ae_pipeline.results.fit import WayRecord

#: Share of the values of a stream of which a way must be known.
_LEAST_SHARE = 0.5
_SIZE_DIGITS = 3
#: Ways that take little time, and those worth replacing by them; the network is there or not.
_QUICK = frozenset({Method.DIRECT, Method.LINEAR_RESIDUALS})
_SLOW = frozenset({Method.TABLE, Method.LINEAR_CONTEXTS, Method.SERIES})
#: Share of all bytes that quick ways may take beyond the smallest ones.
_MOST_LOSS = 0.05

_UNSEARCHED = replace(SMALL, least_distance=math.inf)

Sizes = Mapping[Method, int]


@dataclass(frozen=True)
class WayTally(WayChoice):
    """Tries every way and keeps the bytes of each.

    Codes are not searched for, so that the network takes what it takes of the quickest effort.

    Args:
        noted: bytes by way, and values, of each stream of each block.
        codes: bytes of the codes of each block.
    """

    limits: Limits = _UNSEARCHED
    noted: dict[Place, list[tuple[Sizes, int]]] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether blocks need not be compared: every block has codes."""
        return True

    def note(self, place: Place, sizes: Sizes, n_values: int) -> None:
        """Take note of the bytes of each way of a column in a block."""
        self.noted.setdefault(place, []).append((sizes, n_values))

    def note_codes(self, n_bytes: int) -> None:
        """Take note of the bytes of a block's codes."""
        self.codes.append(n_bytes)

    def measured(self, n_lanes: int, subcolumns: Sequence[str]) -> tuple[WayRecord, ...]:
        """Return what to know of each lane, then of each sub-column of mapped columns.

        The network is left out where its codes take more than it saves.
        """
        places: list[Place] = [*range(n_lanes), *subcolumns]
        totals = [_totals(self.noted.get(place, [])) for place in places]
        without = [_without_network(one) for one in totals]
        pairs = zip(totals, without, strict=True)
        saved = sum(min(less.values()) - min(own.values()) for own, less in pairs if less)
        totals = totals if saved > sum(self.codes) else without
        counts = [sum(n for _, n in self.noted.get(place, [])) for place in places]
        quick = _quick_ways(totals, counts)
        return tuple(map(_record, totals, counts, quick))


def _totals(noted: Sequence[tuple[Sizes, int]]) -> dict[Method, int]:
    """Return the bytes of each way in all blocks; those without it count with their smallest."""
    found = [(sizes, n_values) for sizes, n_values in noted if n_values and sizes]
    n_values = sum(n for _, n in found)
    found = [(_merged(sizes, _network_way(found)), n) for sizes, n in found]
    methods = {method for sizes, _ in found for method in sizes}
    shares = {m: sum(n for sizes, n in found if m in sizes) / n_values for m in methods}
    return {
        method: sum(sizes.get(method, min(sizes.values())) for sizes, _ in found)
        for method in methods
        if shares[method] >= _LEAST_SHARE
    }


def _network_way(noted: Sequence[tuple[Sizes, int]]) -> Method:
    """Return the method of the network that was smaller for most values."""
    counts = {m: sum(n for sizes, n in noted if m in sizes) for m in sorted(NETWORK_METHODS)}
    return max(counts, key=counts.__getitem__)


def _without_network(totals: Sizes) -> dict[Method, int]:
    return {method: size for method, size in totals.items() if method not in NETWORK_METHODS}


def _quick_ways(totals: Sequence[Sizes], counts: Sequence[int]) -> list[Method | None]:
    """Return which streams to store in a way that takes less time, as far as bytes allow.

    Those go first that take the fewest bytes more for each value, as each value takes its time.
    """
    own = [{m: size for m, size in one.items() if m in _QUICK} for one in totals]
    best = [min(one, key=lambda m: (one[m], m)) if one else None for one in own]
    losses = {
        place: one[way] - min(totals[place].values())
        for place, (one, way) in enumerate(zip(own, best, strict=True))
        if way is not None and min(totals[place], key=totals[place].__getitem__) in _SLOW
    }
    left = _MOST_LOSS * sum(min(one.values()) for one in totals if one)
    quick: list[Method | None] = [None] * len(totals)
    for place in sorted(losses, key=lambda place: (losses[place] / counts[place], place)):
        left -= losses[place]
        if left >= 0:
            quick[place] = best[place]
    return quick


def _record(totals: Sizes, n_values: int, quick: Method | None) -> WayRecord:
    if not totals:
        return WayRecord(None)
    first, *others = sorted(totals, key=lambda method: (totals[method], method))
    sizes = {int(method): _per_counted(totals[method], n_values) for method in totals}
    second = int(others[0]) if others else None
    return WayRecord(
        int(first),
        sizes[first],
        second,
        0 if second is None else sizes[second],
        None if quick is None else int(quick),
        0 if quick is None else sizes[quick],
    )


def _per_counted(n_bytes: int, n_values: int) -> int:
    """Return the bytes of so many values, in few digits, as a codec keeps them."""
    return int(rounded(n_bytes * COUNTED / n_values, _SIZE_DIGITS))


def _merged(sizes: Sizes, way: Method) -> dict[Method, int]:
    """Return sizes in which the network is one way, whichever of its methods was smaller."""
    own = _without_network(sizes)
    learned = [size for method, size in sizes.items() if method in NETWORK_METHODS]
    return {**own, way: min(learned)} if learned else own
