"""The command simulates nights of several sizes, with any cost changed."""

from __future__ import annotations

import re
import sys

import pytest

from benchmarks import simulate_cluster


def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return what the command prints."""
    monkeypatch.setattr(sys, "argv", ["simulate_cluster", *options])
    simulate_cluster.main()
    return capsys.readouterr().out


def test_sizes_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each size has a line, and the same seed prints the same."""
    first = _run(monkeypatch, capsys, "--tb", "0.1", "1", "--hours", "1")
    assert first == _run(monkeypatch, capsys, "--tb", "0.1", "1", "--hours", "1")
    assert re.search(r"0\.1 TB, floats, fast +782 ", first)
    assert re.search(r" 1 TB, floats, fast +7,813 ", first)
    assert "A terabyte of files" in first


def test_costs_may_be_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A scheduler of a second for each task is the limit of any night."""
    options = ("--tb", "0.1", "--workers", "100", "--set", "driver.scheduler_s=1")
    found = _run(monkeypatch, capsys, *options)
    assert re.search(r" scheduler +scheduler \d+ %", found)


@pytest.mark.parametrize("key", ["store.nothing", "nothing.get_s", "get_s"])
def test_unknown_costs_are_refused(key: str) -> None:
    """A cost that is none is named."""
    whole = simulate_cluster.night(1.0, "floats", "fast")
    with pytest.raises(ValueError, match=f"no such cost: {key}"):
        simulate_cluster.changed(whole, [f"{key}=1"])
