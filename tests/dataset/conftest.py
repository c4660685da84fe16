"""A place for the files of properties."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which examples of one property may overwrite one file."""
    return tmp_path_factory.mktemp("workshop")
