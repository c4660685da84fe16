"""Deployments and workers that a day's data need, and what keeps a night from being shorter."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.cluster.costs import Night
from benchmarks.cluster.simulation import Outcome, mean_slowness, simulate

#: Share of the hours that serial parts may take: the rest is for what was not foreseen.
_MOST_SERIAL = 0.7
#: Share of the tasks that a client can lead: the rest is for the end, where few workers are busy.
_MOST_LED = 0.95
_MORE_WORKERS = 1.01
_MOST_TRIES = 40


@dataclass(frozen=True)
class Sizing:
    """A day's data on deployments of equal size, each with a part of the files, in one hour span.

    Args:
        n_deployments: runs side by side, each with a client and scheduler of its own.
        night: of one of them.
        outcome: of its simulation.
        memory_bytes: of a machine that leads.
    """

    n_deployments: int
    night: Night
    outcome: Outcome
    memory_bytes: float

    @property
    def n_workers(self) -> int:
        """Workers of all deployments."""
        return self.n_deployments * self.night.n_workers

    @property
    def requests_s(self) -> float:
        """Requests per second of all deployments, on average over the night."""
        return self.n_deployments * self.night.n_requests / self.outcome.wall_s

    @property
    def limit(self) -> str:
        """The resource that alone would take longest."""
        found = limits(self.night, self.outcome)
        return max(found, key=lambda name: found[name])

    @property
    def pressures(self) -> dict[str, float]:
        """How far a run is on its way to each limit but its workers: 1 is there."""
        night, outcome = self.night, self.outcome
        return {
            "driver's memory": night.driver_bytes / self.memory_bytes,
            "tasks led": night.n_workers / night.driver.most_led,
            "scheduler": outcome.scheduler_s / outcome.wall_s,
            "client": outcome.client_s / outcome.wall_s,
            "store": outcome.n_attempts * night.store_s / outcome.wall_s,
        }


def limits(night: Night, outcome: Outcome) -> dict[str, float]:
    """Return the seconds that each resource alone would take for a night, by its name."""
    is_led_out = night.n_slots == night.driver.most_led < night.n_workers
    workers = "tasks that one client leads" if is_led_out else "workers"
    return {
        workers: outcome.busy_s / night.n_slots,
        "scheduler": outcome.scheduler_s,
        "client": outcome.client_s,
        "store": outcome.n_attempts * night.store_s,
        "slowest fragment": night.plan_s + outcome.longest_s + night.end_s,
    }


def given(
    whole: Night, memory_bytes: float, n_deployments: int, n_workers: int, seed: int = 0
) -> Sizing:
    """Return what so many workers, shared by so many deployments, do with all files."""
    night = _share(whole, n_deployments)
    night = replace(night, n_workers=math.ceil(n_workers / n_deployments))
    return Sizing(n_deployments, night, simulate(night, seed), memory_bytes)


def sized(
    whole: Night, hours: float, memory_bytes: float, n_deployments: int = 0, seed: int = 0
) -> Sizing:
    """Return the fewest workers that are done in time.

    Args:
        whole: all files in one deployment, with any number of workers.
        hours: in which they are to be done.
        memory_bytes: of a machine that leads.
        n_deployments: to share the files; 0 for as few as can.
        seed: of the simulation.

    Raises:
        ValueError: no number of workers does it, as when one fragment takes longer.
    """
    store_s = whole.n_fragments * whole.moved_mb / whole.store.total_mb_s
    if store_s > hours * 3600:
        raise ValueError(f"the store alone takes {store_s / 3600:,.1f} hours to move the bytes")
    n_shared = n_deployments or _fewest(whole, hours, memory_bytes)
    n_workers = 0
    for _ in range(_MOST_TRIES):
        night = _share(whole, n_shared)
        n_workers = max(n_workers, math.ceil(_slots_wanted(night, hours)))
        if n_workers > night.driver.most_led:
            if n_deployments:
                break
            n_shared, n_workers = n_shared + math.ceil(n_shared / 50), 0
            continue
        outcome = simulate(replace(night, n_workers=n_workers), seed)
        if outcome.wall_s <= hours * 3600:
            return Sizing(n_shared, replace(night, n_workers=n_workers), outcome, memory_bytes)
        n_workers = math.ceil(n_workers * max(_MORE_WORKERS, outcome.wall_s / hours / 3600))
    raise ValueError(
        f"{whole.n_fragments:,} fragments are not done in {hours:g} hours by {n_shared} runs, "
        f"{n_workers} workers each"
    )


def _share(whole: Night, n_deployments: int) -> Night:
    n_fragments = math.ceil(whole.n_fragments / n_deployments)
    return replace(whole, n_fragments=n_fragments, store=whole.store.shared_by(n_deployments))


def _fewest(whole: Night, hours: float, memory_bytes: float) -> int:
    """Return how many deployments memory, serial parts, and tasks led at a time ask for."""

    def fits(night: Night) -> bool:
        driver = night.driver
        serial_s = night.n_fragments * max(driver.scheduler_s, driver.client_s + driver.plan_s)
        return (
            night.driver_bytes <= memory_bytes
            and serial_s <= _MOST_SERIAL * hours * 3600
            and _slots_wanted(night, hours) <= _MOST_LED * driver.most_led
        )

    return _first(lambda n: fits(_share(whole, n)))


def _first(is_enough: Callable[[int], bool]) -> int:
    """Return the smallest power of two, or number between it and the last, that is enough."""
    high = 1
    while not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _slots_wanted(night: Night, hours: float) -> float:
    """Return how many slots do the work of all fragments in the hours, planning apart."""
    rest_s = hours * 3600 - night.plan_s - night.end_s
    if rest_s <= 0:
        return math.inf
    attempt_s = night.cpu_s * mean_slowness(night.faults) + night.transfer_s
    lost = 1.0 + attempt_s / night.faults.lifetime_s
    return max(1.0, night.n_fragments * attempt_s * lost / rest_s)
