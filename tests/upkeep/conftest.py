"""Sources that tests of upkeep share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.nights import two_days


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days, written without compression, so that their values lie open."""
    return two_days(tmp_path / "source")
