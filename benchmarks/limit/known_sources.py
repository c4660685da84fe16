"""Synthetic rows with a known lower bound on their bits, whatever codes them.

If every value comes back within a tolerance t, the error of a row of d values lies in a cube, and
rate-distortion theory gives two lower bounds on the mean bits per row (Cover and Thomas, "Elements
of Information Theory", chapter 10).

Gaussian rows X have a density, so R >= I(X; Y) = h(X) - h(X - Y | Y) >= h(X) - log2 of the cube's
volume, because nothing in the cube has more entropy than the uniform distribution. It holds at
every t.

Rows X = f(Z) on a manifold: R >= I(Z; Y) >= h(Z) - E log2 of the volume of all z whose rows lie in
one cube. To first order these are a section of the cube by the tangent space, largest through the
centre (Brunn-Minkowski), and its volume is integrated over directions. The bound is approximate:
it leaves out the curvature of f within a tolerance, and the noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

N_ROWS, N_COLUMNS, N_INTRINSIC = 100_000, 32, 6
_N_FACTORS, _FACTOR_NOISE, _CORRELATION = 8, 0.3, 0.95
_N_HIDDEN = 64
#: Deviation of the noise on a manifold, relative to a column's range.
_NOISE = 1e-4
_POINTS, _DIRECTIONS = 1000, 1000


@dataclass(frozen=True)
class KnownSource:
    """Rows and their bound.

    Args:
        name: name of the source.
        rows: independent rows.
        bound: maps tolerances of the columns to bits per row.
    """

    name: str
    rows: np.ndarray
    bound: Callable[[np.ndarray], float]


def neighbours() -> KnownSource:
    """Return Gaussian rows; columns correlate with neighbours as an autoregressive process."""
    distance = np.abs(np.subtract.outer(np.arange(N_COLUMNS), np.arange(N_COLUMNS)))
    return _gaussian("Gaussian, neighbours", _CORRELATION**distance)


def factors() -> KnownSource:
    """Return Gaussian rows made of a few factors and noise."""
    loadings = np.random.default_rng(1).normal(size=(N_COLUMNS, _N_FACTORS)) / _N_FACTORS**0.5
    return _gaussian(
        "Gaussian, factors", loadings @ loadings.T + _FACTOR_NOISE**2 * np.eye(N_COLUMNS)
    )


def manifold() -> KnownSource:
    """Return rows that are a smooth random map of a few Gaussian numbers, with a little noise."""
    generator = np.random.default_rng(2)
    inner = generator.normal(size=(_N_HIDDEN, N_INTRINSIC)) / N_INTRINSIC**0.5
    shift = generator.normal(size=_N_HIDDEN)
    outer = generator.normal(size=(N_COLUMNS, _N_HIDDEN)) / _N_HIDDEN**0.5
    hidden = generator.normal(size=(N_ROWS, N_INTRINSIC)) @ inner.T + shift
    smooth = np.tanh(hidden) @ outer.T
    noise = _NOISE * np.ptp(smooth, axis=0) * generator.normal(size=smooth.shape)
    slopes = 1.0 - np.tanh(hidden[:_POINTS]) ** 2
    jacobians = np.einsum("oh,ph,hi->poi", outer, slopes, inner)
    return KnownSource("manifold", smooth + noise, lambda t: manifold_bits(jacobians, t))


def _gaussian(name: str, covariance: np.ndarray) -> KnownSource:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(N_ROWS, N_COLUMNS)) @ np.linalg.cholesky(covariance).T
    return KnownSource(name, rows, lambda t: gaussian_bits(covariance, t))


def gaussian_bits(covariance: np.ndarray, tolerances: np.ndarray) -> float:
    """Return the lower bound for Gaussian rows in bits per row."""
    log_det = float(np.linalg.slogdet(2 * np.pi * np.e * covariance)[1])
    return log_det / 2 / math.log(2) - float(np.log2(2 * tolerances).sum())


def manifold_bits(jacobians: np.ndarray, tolerances: np.ndarray) -> float:
    """Return an approximate lower bound in bits per row; `jacobians` are at Gaussian points."""
    dim = jacobians.shape[2]
    directions = np.random.default_rng(3).normal(size=(dim, _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    frames, triangles = np.linalg.qr(jacobians / tolerances[:, None])
    reach = 1.0 / np.abs(frames @ directions).max(axis=1)  # [points, directions], to the cube
    sphere = 2 * np.pi ** (dim / 2) / math.gamma(dim / 2)
    sections = sphere / dim * (reach**dim).mean(axis=1)
    scale = np.abs(np.linalg.det(triangles))
    entropy = dim / 2 * math.log2(2 * math.pi * math.e)
    return entropy - float(np.log2(sections / scale).mean())
