"""Random tables come back from an archive bit for bit."""

from __future__ import annotations

import pytest

from benchmarks import exactness


def test_a_run_checks_values(capsys: pytest.CaptureFixture[str]) -> None:
    """A short run finds nothing wrong, and says how many values it compared."""
    few = ["--values", "500", "--rows", "1100", "--budget-s", "0.1", "--processes", "1"]
    assert exactness.main(few) == 0
    assert " exact" in capsys.readouterr().out
