"""The map of latents: two axes along which the latents of a sample of rows differ most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.dataset import Fragment, open_footer, pinned, read_records
from ae_pipeline.errors import ConfigError, listing

#: Points that the eye still tells apart.
_POINTS = 1200


@dataclass(frozen=True)
class LatentMap:
    """Latents of a sample of rows, on their first two principal axes.

    Args:
        points: one row per point; the second axis is 0 of latents of one number.
        shares: of the variance of all latents, along each axis.
        color: name of the column of `values`; empty if there is none.
        values: what points are coloured by, one per point.
        n_latents: numbers per row.
    """

    points: Float64[np.ndarray, "rows 2"]
    shares: tuple[float, float]
    color: str
    values: tuple[object, ...]
    n_latents: int


def map_latents(
    fragments: Sequence[Fragment], latent_column: str, color: str | None
) -> LatentMap | None:
    """Read latents of rows of some fragments, and find their axes.

    Args:
        fragments: of features, a few that stand for all.
        latent_column: its name.
        color: kept column, or key of partitions, to colour by; None for the partition.

    Returns:
        The map; None if there are too few rows.

    Raises:
        ConfigError: there is no such column.
    """
    each = max(1, _POINTS // max(len(fragments), 1))
    parts = [_read(pinned(one), latent_column, color, each) for one in fragments]
    parts = [part for part in parts if len(part[0])]
    if sum(len(part[0]) for part in parts) < 3:
        return None
    latents = np.concatenate([part[0] for part in parts])
    points, shares = _principal(latents)
    values = tuple(value for part in parts for value in part[1])
    return LatentMap(points, shares, color or "partition", values, latents.shape[1])


def _read(
    fragment: Fragment, latent_column: str, color: str | None, n_rows: int
) -> tuple[Float64[np.ndarray, "rows latents"], list[object]]:
    """Return latents and colours of rows from all over a fragment's first part."""
    with open_footer(fragment) as file:
        names = file.schema_arrow.names
    keys = dict(part.split("=", 1) for part in fragment.partition.split("/") if "=" in part)
    is_key = color is not None and color not in names and color in keys
    if color is not None and color not in names and not is_key:
        known = [name for name in (*keys, *names) if not name.startswith("ae:")]
        raise ConfigError(
            "no such column beside the latents",
            where="--color",
            expected=listing([name for name in known if name != latent_column]),
            got=color,
        )
    columns = [latent_column, *([color] if color is not None and not is_key else [])]
    batch = next(iter(read_records(fragment, 1 << 15, columns)), None)
    if batch is None or not len(batch):
        return np.zeros((0, 0)), []
    batch = batch.take(pa.array(np.linspace(0, len(batch) - 1, min(n_rows, len(batch)), dtype=int)))
    flat = batch.column(latent_column).flatten().to_numpy(zero_copy_only=False)
    latents = np.asarray(flat, np.float64).reshape(len(batch), -1)
    if len(columns) == 1:
        value = keys[color] if color is not None else fragment.partition
        return latents, [value] * len(batch)
    return latents, batch.column(color).to_pylist()


def _principal(
    latents: Float64[np.ndarray, "rows latents"],
) -> tuple[Float64[np.ndarray, "rows 2"], tuple[float, float]]:
    centred = latents - latents.mean(axis=0)
    _, scales, axes = np.linalg.svd(centred, full_matrices=False)
    powers = scales**2 / max(float((scales**2).sum()), 1e-300)
    points = np.zeros((len(latents), 2))
    n_axes = min(2, len(axes))
    points[:, :n_axes] = centred @ axes[:n_axes].T
    return points, (float(powers[0]), float(powers[1]) if len(powers) > 1 else 0.0)
