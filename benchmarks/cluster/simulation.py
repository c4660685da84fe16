"""A discrete-event simulation of a night: every fragment through scheduler, client and worker.

A worker's slot asks for its next fragment when it is done with one. Scheduler and client are one
thread each and serve in order; half of a task's cost falls when it is handed out, half when it is
done. The store serves all workers in order, and none faster than a connection allows. A worker that
dies loses its fragment, which the next free one does, and another stands in for it later.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from benchmarks.cluster.costs import Faults, Night

_BACK = -1  # in place of a fragment: a worker that stands in for a dead one


@dataclass(frozen=True)
class Outcome:
    """One simulated night.

    Args:
        wall_s: from the first listing to the index.
        busy_s: seconds of all slots on fragments, those of lost attempts included.
        scheduler_s: seconds of the scheduler.
        client_s: seconds of the client, planning included.
        longest_s: of one attempt that was not lost.
        n_done: how often each fragment was done; int64[fragments].
        n_attempts: how often fragments were begun.
    """

    wall_s: float
    busy_s: float
    scheduler_s: float
    client_s: float
    longest_s: float
    n_done: np.ndarray
    n_attempts: int

    @property
    def n_deaths(self) -> int:
        """Attempts that were lost with their worker."""
        return self.n_attempts - int(self.n_done.sum())


def simulate(night: Night, seed: int = 0) -> Outcome:
    """Simulate a night; the same seed gives the same night."""
    run = _Run(night, np.random.default_rng(seed))
    run.begin()
    while run.events:
        run.turn()
    return run.outcome()


class _Run:
    """State of a simulation between two events."""

    def __init__(self, night: Night, generator: np.random.Generator) -> None:
        self._night, self._generator = night, generator
        self.events: list[tuple[float, int, bool]] = []
        self._n_begun = 0
        self._again: list[int] = []
        self._n_idle, self._n_fragments = 0, night.n_fragments
        self._n_done = [0] * night.n_fragments
        self._scheduler = self._client = self._store = night.plan_s
        self._busy_s = self._longest_s = 0.0
        self._draw()
        # Read once: a million turns look at them.
        self._halves = night.driver.scheduler_s / 2, night.driver.client_s / 2
        self._transfer_s, self._store_s = night.transfer_s, night.store_s
        self._n_charged, self._n_attempts = 0, 0

    def begin(self) -> None:
        """Give each slot its first fragment."""
        for _ in range(self._night.n_slots):
            self._charge(self._scheduler, 1)
            self._hand_out()

    def turn(self) -> None:
        """Let the next event happen: a fragment is done or lost, or a worker is back."""
        now, fragment, is_lost = heappop(self.events)
        if fragment == _BACK:
            self._ask(now, 0)
        elif is_lost:
            self._again.append(fragment)
            heappush(self.events, (now + self._night.faults.restart_s, _BACK, False))
            if self._n_idle:
                self._n_idle -= 1
                self._ask(now, 0)
        else:
            self._n_done[fragment] += 1
            self._ask(now, 1)

    def outcome(self) -> Outcome:
        """Return what became of all fragments."""
        night, charged = self._night, self._n_charged
        scheduler_half, client_half = self._halves
        return Outcome(
            wall_s=max(self._client, self._scheduler) + night.end_s,
            busy_s=self._busy_s,
            scheduler_s=charged * scheduler_half,
            client_s=night.n_fragments * night.driver.plan_s + charged * client_half,
            longest_s=self._longest_s,
            n_done=np.array(self._n_done, dtype=np.int64),
            n_attempts=self._n_attempts,
        )

    def _ask(self, now: float, n_halves: int) -> None:
        """Tell scheduler and client what is done, and take the next fragment if there is one."""
        if self._again or self._n_begun < self._n_fragments:
            self._charge(now, n_halves + 1)
            self._hand_out()
        else:
            self._charge(now, n_halves)
            self._n_idle += 1

    def _charge(self, now: float, n_halves: int) -> None:
        """Let scheduler and client, one after the other, work on halves of a task's cost."""
        scheduler_half, client_half = self._halves
        self._scheduler = max(self._scheduler, now) + n_halves * scheduler_half
        self._client = max(self._client, self._scheduler) + n_halves * client_half
        self._n_charged += n_halves

    def _hand_out(self) -> None:
        """Start the next fragment: it is done, or lost, at a time that is known now."""
        if self._again:
            fragment = self._again.pop()
        else:
            fragment = self._n_begun
            self._n_begun += 1
        began = self._client
        self._store = max(self._store, began) + self._store_s
        waits_s = max(self._transfer_s, self._store - began)
        works_s, lifetime_s = self._next_draw()
        lasts_s = waits_s + works_s
        is_lost = lifetime_s < lasts_s
        self._n_attempts += 1
        self._busy_s += min(lasts_s, lifetime_s)
        self._longest_s = self._longest_s if is_lost else max(self._longest_s, lasts_s)
        heappush(self.events, (began + min(lasts_s, lifetime_s), fragment, is_lost))

    def _next_draw(self) -> tuple[float, float]:
        """Return how long a worker works on the next attempt, and how long it would live."""
        if not self._works_s:
            self._draw()
        return self._works_s.pop(), self._lifetimes_s.pop()

    def _draw(self) -> None:
        n_draws = min(self._night.n_fragments, 1 << 16)
        times = slowness(self._night.faults, self._generator, n_draws)
        self._works_s: list[float] = (self._night.cpu_s * times).tolist()
        self._lifetimes_s: list[float] = (
            self._night.faults.lifetime_s * self._generator.exponential(size=n_draws)
        ).tolist()


def slowness(faults: Faults, generator: np.random.Generator, n_attempts: int) -> np.ndarray:
    """Return how many times as long as usual attempts take; float64[attempts], at least 1."""
    is_slow = generator.random(n_attempts) < faults.slow_share
    times = np.minimum(1.0 + generator.pareto(faults.tail, n_attempts), faults.most_times)
    return np.where(is_slow, times, 1.0)


def mean_slowness(faults: Faults) -> float:
    """Return the mean of `slowness`; `tail` is above 1."""
    over = faults.tail - 1.0
    slow = (faults.tail - faults.most_times**-over) / over
    return 1.0 + faults.slow_share * (slow - 1.0)
