"""The map of latents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.dataset import Fragment
from ae_pipeline.pages.facts.latents import map_latents


def stored(folder: Path, latents: np.ndarray) -> list[Fragment]:
    """One file of latents and a column."""
    flat = pa.array(latents.ravel().astype(np.float32))
    column = pa.FixedSizeListArray.from_arrays(flat, latents.shape[1])
    table = pa.table({"latent": column, "kind": [f"k{n % 3}" for n in range(len(latents))]})
    path = folder / "day=1/p.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(table, path)
    return [Fragment(path, "day=1/p.parquet", path.stat().st_size)]


def test_axes_are_the_principal_ones(tmp_path: Path) -> None:
    """Latents along a line have all of their variance on the first axis."""
    line = np.outer(np.linspace(-1, 1, 500), [3.0, 4.0, 0.0])
    found = map_latents(stored(tmp_path, line), "latent", "kind")
    assert found is not None
    assert found.shares == pytest.approx((1.0, 0.0), abs=1e-6)
    assert np.ptp(found.points[:, 0]) == pytest.approx(10.0, abs=1e-5)
    assert set(found.values) == {"k0", "k1", "k2"}


@pytest.mark.parametrize("width", [1, 2])
def test_few_latents(tmp_path: Path, width: int) -> None:
    """Latents of one number have a map, too: along a line."""
    found = map_latents(stored(tmp_path, np.eye(9, width)), "latent", None)
    assert found is not None
    assert found.points.shape == (9, 2)
    assert set(found.values) == {"day=1"}


def test_too_few_rows(tmp_path: Path) -> None:
    """Two rows make no map."""
    assert map_latents(stored(tmp_path, np.eye(2)), "latent", None) is None
