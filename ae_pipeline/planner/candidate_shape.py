"""Shapes of networks: what is decided before training, and what may be tried next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ae_pipeline.coding import Weights

#: Width of hidden layers to begin with.
HIDDEN = 64
NARROWEST, _WIDEST = 16, 512


@dataclass(frozen=True)
class Shape:
    """What is decided before training.

    Args:
        window: rows of one input.
        latent_dim: codes per window.
        start: tolerance units per code at the start, or the parameters to go on from.
        hidden: width of the hidden layers, 0 for a linear network.
    """

    window: int
    latent_dim: int
    start: float | Weights = field(hash=False, compare=False)
    hidden: int = HIDDEN


def describe(shape: Shape) -> str:
    """In words, for plans."""
    rows = "1 row" if shape.window == 1 else f"{shape.window} rows"
    codes = "1 code" if shape.latent_dim == 1 else f"{shape.latent_dim} codes"
    return f"{codes} of {rows}, width {shape.hidden}" if shape.hidden else f"{codes} of {rows}"


def more_codes(shape: Shape) -> Shape:
    """Half as many again, one at least."""
    return replace(shape, latent_dim=max(shape.latent_dim + 1, round(1.5 * shape.latent_dim)))


def fewer_codes(shape: Shape) -> Shape | None:
    """Two thirds of them; None if there is one alone."""
    latent_dim = min(shape.latent_dim - 1, round(shape.latent_dim / 1.5))
    return replace(shape, latent_dim=latent_dim) if latent_dim >= 1 else None


def wider(shape: Shape) -> Shape | None:
    """Twice as wide; None beyond the widest."""
    return replace(shape, hidden=2 * shape.hidden) if 2 * shape.hidden <= _WIDEST else None


def narrower(shape: Shape) -> Shape | None:
    """Half as wide; None below the narrowest."""
    return replace(shape, hidden=shape.hidden // 2) if shape.hidden >= 2 * NARROWEST else None
