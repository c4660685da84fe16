"""Features of the mixed dataset, by a codec that was really fitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.jobs.pipelines import run_encode, run_fit


@pytest.fixture(scope="module")
def features(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features of the source; nobody may change them."""
    folder = tmp_path_factory.mktemp("batches")
    run_encode(source, folder / "features", run_fit(source, folder / "codec"))
    return folder / "features"
