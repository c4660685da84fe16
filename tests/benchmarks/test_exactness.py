"""Random tables come back from an archive bit for bit."""

from __future__ import annotations

import pytest

from benchmarks import exactness


def test_a_run_checks_values(capsys: pytest.CaptureFixture[str]) -> None:
    """A short run finds nothing wrong, and says how many values it compared."""
    assert exactness.main(["--values", "2000", "--rows", "1200", "--processes", "1"]) == 0
    assert " exact" in capsys.readouterr().out
