"""An archive whose codec is damaged and forged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faults.damaged_archives import write_archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive; nobody may change it."""
    return write_archive(tmp_path_factory.mktemp("damage"))
