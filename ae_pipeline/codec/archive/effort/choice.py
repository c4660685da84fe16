"""Which ways a block tries for each column, by what they took when the codec was fitted.

A choice depends on the codec and the effort alone, never on blocks before: the bytes are the same
in any order of files and with any number of workers. Readers need to know nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ae_pipeline.codec.archive.network import LEAST_DISTANCE
from ae_pipeline.coding import NETWORK_METHODS, Method
from ae_pipeline.config.effort import Effort
from ae_pipeline.results.fit import WayRecord

EVERY_METHOD = frozenset(Method)
#: A block's own overhead, which a forecast per value does not have.
_BESIDE_BYTES = 64
#: Values that sizes of records are of.
COUNTED = 1000

#: A lane by its number, or a sub-column of a mapped column by its name.
Place: TypeAlias = int | str


@dataclass(frozen=True)
class Limits:
    """The limits of an effort: what it leaves out.

    Args:
        is_quick: try one way of each column alone, the quick one where there is one.
        within: otherwise try the second one, too, up to so many bytes per byte of the smallest.
        margin: bytes of a block per byte forecast, beyond which all ways are tried.
        least_distance: of a latent to its code, in steps, from which its neighbour is tried.
    """

    is_quick: bool
    within: float
    margin: float
    least_distance: float


#: Everything that a codec has.
SMALL = Limits(False, math.inf, math.inf, LEAST_DISTANCE)
_LIMITS: dict[Effort, Limits] = {
    "fast": Limits(True, 1.0, 1.25, math.inf),
    "balanced": Limits(False, 1.05, 1.1, 0.45),
    "small": SMALL,
}


@dataclass(frozen=True)
class WayChoice:
    """The ways to try; all of a column about which the codec says nothing.

    Args:
        limits: of the effort.
        records: measured when the codec was fitted.
    """

    limits: Limits = SMALL
    records: Mapping[Place, WayRecord] = field(default_factory=dict)

    def wanted(self, place: Place) -> frozenset[Method]:
        """Return the methods to try first."""
        tried = self._tried(place)
        return frozenset(tried) if tried else EVERY_METHOD

    def most_bytes(self, place: Place, n_values: int) -> float:
        """Return the bytes beyond which all ways of a column are tried."""
        tried = self._tried(place)
        if not tried:
            return math.inf
        forecast = min(tried.values()) * n_values / COUNTED
        return _BESIDE_BYTES + self.limits.margin * forecast

    @property
    def is_settled(self) -> bool:
        """Whether blocks need not be compared with and without the network."""
        return bool(self.records)

    @property
    def takes_network(self) -> bool:
        """Whether blocks need the network's codes; where nothing is known, they may."""
        lanes = [place for place in self.records if isinstance(place, int)]
        return not lanes or any(self.wanted(place) & NETWORK_METHODS for place in lanes)

    def note(self, place: Place, sizes: Mapping[Method, int], n_values: int) -> None:
        """Take note of the bytes of each way of a column in a block: here, do nothing."""

    def note_codes(self, n_bytes: int) -> None:
        """Take note of the bytes of a block's codes: here, do nothing."""

    def _tried(self, place: Place) -> dict[Method, int]:
        """Return the methods to try and their bytes per 1,000 values; none if nothing is known."""
        record = self.records.get(place)
        if record is None or record.first is None:
            return {}
        found = {Method(record.first): record.size}
        if self.limits.is_quick:
            return found if record.quick is None else {Method(record.quick): record.quick_size}
        if record.second is not None and record.second_size <= self.limits.within * record.size:
            found[Method(record.second)] = record.second_size
        return found


def choice_of(
    effort: Effort, records: Sequence[WayRecord], n_lanes: int, subcolumns: Sequence[str]
) -> WayChoice:
    """Return the choice of an effort.

    Args:
        effort: how hard to try.
        records: of all lanes, then of the sub-columns; none in a codec that measured no ways.
        n_lanes: of the feature columns.
        subcolumns: names of the sub-columns of mapped columns.

    Raises:
        ValueError: there are records, but not as many, or of other methods.
    """
    places: list[Place] = [*range(n_lanes), *subcolumns]
    if records and len(records) != len(places):
        raise ValueError(f"ways of {len(records)} streams, not of {len(places)}")
    numbers = {n for one in records for n in (one.first, one.second, one.quick) if n is not None}
    if numbers - EVERY_METHOD:
        raise ValueError(f"methods {sorted(numbers)} of blocks")
    if effort == "small" or not records:
        return WayChoice()
    return WayChoice(_LIMITS[effort], dict(zip(places, records, strict=True)))
