"""A codec of the mixed dataset that was really fitted, and its features."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.data.copies import copy_dataset
from tests.support.jobs.pipelines import run_encode, run_fit


@pytest.fixture(scope="module")
def codec(source: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A codec that was fitted to the source."""
    return run_fit(source, tmp_path_factory.mktemp("codec") / "codec")


@pytest.fixture(scope="module")
def features(source: Path, codec: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of the source; nobody may change them."""
    destination = tmp_path_factory.mktemp("features") / "mixed"
    run_encode(source, destination, codec)
    return destination


@pytest.fixture
def own_features(features: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return copy_dataset(features, tmp_path / "features")
