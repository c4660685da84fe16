"""The simulation does every fragment once, and agrees with what can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.cluster.costs import NO_FAULTS, Driver, Faults, Night, Rates, Store
from benchmarks.cluster.simulation import Outcome, mean_slowness, simulate, slowness

FREE_DRIVER = Driver(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, most_led=10_000)
#: Ten megabytes take a CPU-second to encode, and nothing to move.
NIGHT = Night(
    n_fragments=1000,
    fragment_mb=10.0,
    n_workers=50,
    rates=Rates(10.0, 10.0, 10.0, 0.1, 1e12),
    driver=FREE_DRIVER,
    store=Store(0.0, 0.0, 1e12, 1e12, 1e12),
    faults=NO_FAULTS,
    verifies=False,
)
DEADLY = Faults(slow_share=0.1, tail=1.2, most_times=50.0, lifetime_s=4.0, restart_s=3.0)


@pytest.mark.parametrize("n_workers", [1, 7, 5000])
def test_every_fragment_is_done_once(n_workers: int) -> None:
    """Whatever dies, no fragment is lost and none is done twice."""
    outcome = simulate(replace(NIGHT, n_workers=n_workers, faults=DEADLY))
    assert np.array_equal(outcome.n_done, np.ones(1000))
    assert outcome.n_deaths == outcome.n_attempts - 1000 > 0


def test_a_seed_reproduces() -> None:
    """The same seed gives the same night, another seed another one."""

    def facts(seed: int) -> tuple[float, float, int]:
        outcome = simulate(replace(NIGHT, faults=DEADLY), seed)
        return outcome.wall_s, outcome.busy_s, outcome.n_attempts

    assert facts(3) == facts(3)
    assert facts(3) != facts(4)


def test_workers_are_the_limit() -> None:
    """Equal fragments on few workers take the CPU time of all over the number of workers."""
    outcome = simulate(NIGHT)
    assert outcome.wall_s == pytest.approx(1000 / 50)
    assert outcome.busy_s == pytest.approx(1000)


@pytest.mark.parametrize("name", ["scheduler_s", "client_s"])
def test_one_thread_is_the_limit(name: str) -> None:
    """A scheduler or client that takes 0.1 s for a task lets 10 tasks a second pass, no more."""
    driver = replace(FREE_DRIVER, **{name: 0.1})
    outcome = simulate(replace(NIGHT, n_workers=500, driver=driver))
    assert 1000 / outcome.wall_s == pytest.approx(10.0, rel=0.02)
    assert getattr(outcome, name) == pytest.approx(100.0)


def test_the_store_is_the_limit() -> None:
    """A store that answers 20 requests a second, two for a fragment, lets 10 a second pass."""
    store = replace(NIGHT.store, requests_s=20.0)
    outcome = simulate(replace(NIGHT, n_workers=500, store=store))
    assert 1000 / outcome.wall_s == pytest.approx(10.0, rel=0.02)


def test_many_workers_leave_the_slowest_fragment() -> None:
    """With a worker for each fragment a night is planning, its slowest fragment, and the index."""
    driver = replace(FREE_DRIVER, plan_s=0.01, index_bytes=1e6)
    store = replace(NIGHT.store, get_s=0.5, put_s=2.0, mb_s=1000.0)
    faults = replace(DEADLY, lifetime_s=float("inf"))
    night = replace(NIGHT, n_workers=1000, driver=driver, store=store, faults=faults)
    outcome = simulate(night)
    assert night.plan_s == pytest.approx(2 * 0.5 + 10.0 + 0.5 + 1.0)
    assert outcome.wall_s == pytest.approx(night.plan_s + outcome.longest_s + night.end_s)
    assert outcome.longest_s > 10


def test_a_client_leads_so_many_tasks() -> None:
    """Workers beyond those that one client leads bring nothing."""
    driver = replace(FREE_DRIVER, most_led=20)

    def run(n_workers: int) -> Outcome:
        return simulate(replace(NIGHT, n_workers=n_workers, driver=driver))

    assert run(1000).wall_s == run(20).wall_s == pytest.approx(50.0)


def test_slowness_has_its_mean(generator: np.random.Generator) -> None:
    """Attempts are never faster than usual, never slower than the most, and on average as said."""
    times = slowness(DEADLY, generator, 1_000_000)
    assert times.min() == 1.0
    assert times.max() == 50.0
    assert times.mean() == pytest.approx(mean_slowness(DEADLY), rel=0.02)
