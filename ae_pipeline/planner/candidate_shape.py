"""The shape of a candidate network, and the shapes to try next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ae_pipeline.coding import Weights

#: Width of hidden layers to begin with.
HIDDEN = 64
NARROWEST, _WIDEST = 16, 512


@dataclass(frozen=True)
class CandidateShape:
    """The choices that are made before training.

    Args:
        window: rows per input.
        latent_dim: codes per window.
        start: tolerance units per code at the start, or the parameters to go on from.
        hidden: width of the hidden layers, 0 for a linear network.
    """

    window: int
    latent_dim: int
    start: float | Weights = field(hash=False, compare=False)
    hidden: int = HIDDEN


def describe(shape: CandidateShape) -> str:
    """Describe a shape in a few words, for plans."""
    rows = "1 row" if shape.window == 1 else f"{shape.window} rows"
    codes = "1 code" if shape.latent_dim == 1 else f"{shape.latent_dim} codes"
    return f"{codes} of {rows}, width {shape.hidden}" if shape.hidden else f"{codes} of {rows}"


def more_codes(shape: CandidateShape) -> CandidateShape:
    """Return the shape with half as many codes again, at least one more."""
    return replace(shape, latent_dim=max(shape.latent_dim + 1, round(1.5 * shape.latent_dim)))


def fewer_codes(shape: CandidateShape) -> CandidateShape | None:
    """Return the shape with two thirds of the codes; None if it has only one."""
    latent_dim = min(shape.latent_dim - 1, round(shape.latent_dim / 1.5))
    return replace(shape, latent_dim=latent_dim) if latent_dim >= 1 else None


def wider(shape: CandidateShape) -> CandidateShape | None:
    """Return the shape with layers twice as wide; None beyond the widest."""
    return replace(shape, hidden=2 * shape.hidden) if 2 * shape.hidden <= _WIDEST else None


def narrower(shape: CandidateShape) -> CandidateShape | None:
    """Return the shape with layers half as wide; None below the narrowest."""
    return replace(shape, hidden=shape.hidden // 2) if shape.hidden >= 2 * NARROWEST else None
