"""Sizing finds the fewest workers that are done in time, and names the limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.cluster.sizing import given, limits, sized
from tests.benchmarks.cluster.test_simulation import NIGHT

HOUR_S = 3600.0
#: A hundred hours of one worker.
WHOLE = replace(
    NIGHT,
    n_fragments=36_000,
    fragment_mb=100.0,
    driver=replace(NIGHT.driver, object_bytes=1000.0, most_led=64),
)


def test_fewest_workers() -> None:
    """A hundred hours of work in ten hours take ten workers, or hardly more."""
    found = sized(WHOLE, hours=10.0, memory_bytes=1e9)
    assert found.n_deployments == 1
    assert 10 <= found.n_workers <= 11
    assert found.outcome.wall_s <= 10 * HOUR_S
    assert found.limit == "workers"
    assert given(WHOLE, 1e9, 1, found.n_workers - 1).outcome.wall_s > 10 * HOUR_S


def test_memory_asks_for_deployments() -> None:
    """A machine that can plan a third of the files leads a third of them."""
    found = sized(WHOLE, hours=10.0, memory_bytes=12e6)
    assert found.n_deployments == 3
    assert found.pressures["driver's memory"] == pytest.approx(1.0)


def test_led_tasks_ask_for_deployments() -> None:
    """A hundred workers are led by two clients that lead at most 64 tasks each."""
    found = sized(WHOLE, hours=1.0, memory_bytes=1e9)
    assert found.n_deployments == 2
    assert 100 <= found.n_workers <= 102
    assert max(found.pressures, key=lambda name: found.pressures[name]) == "tasks led"


def test_a_client_that_leads_too_few_is_named() -> None:
    """More workers than one client leads make the client's lead the limit."""
    found = given(WHOLE, 1e9, 1, 200)
    assert found.limit == "tasks that one client leads"
    assert limits(found.night, found.outcome)[found.limit] == pytest.approx(100 * HOUR_S / 64)


def test_impossible_hours_are_refused() -> None:
    """Hours shorter than one fragment takes are an error that says so."""
    with pytest.raises(ValueError, match=r"36,000 fragments are not done in 0\.001 hours"):
        sized(WHOLE, hours=0.001, memory_bytes=1e9)


def test_a_store_that_is_too_slow_is_named() -> None:
    """Bytes that the store cannot move in the hours are an error, whatever the workers."""
    slow = replace(WHOLE, store=replace(WHOLE.store, total_mb_s=100.0))
    with pytest.raises(ValueError, match=r"the store alone takes 11\.0 hours"):
        sized(slow, hours=10.0, memory_bytes=1e9)
