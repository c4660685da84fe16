"""Linear networks in closed form: the Karhunen-Loeve transform of windows in tolerance units.

Components whose deviation stands out of the grid are coded, the rest is left to the residuals
(reverse water-filling, Cover and Thomas, "Elements of Information Theory", section 10.3.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Float64

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.blocks.matrix import block_to_matrix
from ae_pipeline.blocks.windows import rows_to_windows
from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import Architecture, IntegerDecoder
from ae_pipeline.columns import Standardization
from ae_pipeline.planner.sample import SampleBlocks

#: Multiplications that a covariance may cost; windows beyond that are left out evenly.
_MOST_PRODUCTS = 3e10
#: Codes of some hundred steps need weights of about as many.
_ENCODER_BITS = 10


@dataclass(frozen=True)
class Spectrum:
    """The principal components of windows in tolerance units.

    Args:
        window: rows of each.
        inputs: columns that the network sees.
        gain: tolerance units per standardised unit of each input.
        mean: of each input, in tolerance units.
        deviations: of the components, largest first.
        basis: orthonormal components, one per column.
    """

    window: int
    inputs: Standardization
    gain: Float64[np.ndarray, "wide"]
    mean: Float64[np.ndarray, "wide"]
    deviations: Float64[np.ndarray, "wide"]
    basis: Float64[np.ndarray, "wide wide"]

    def count_above(self, level: float) -> int:
        """Count the components of more deviation than this, in tolerance units."""
        return int((self.deviations > level).sum())


def measure_spectrum(
    codec: ArchiveCodec, inputs: Standardization, sample: SampleBlocks, window: int
) -> Spectrum:
    """Measure the principal components of a sample's windows."""
    chosen = ~inputs.is_constant
    gain = np.tile(inputs.scale[chosen] / codec.cell[chosen], window)
    windows = [_windows(codec, inputs, block, window) for block in sample.blocks if len(block)]
    mean, covariance = _moments(windows, gain)
    values, vectors = np.linalg.eigh(covariance)
    deviations = np.sqrt(np.maximum(values[::-1], 0.0))
    return Spectrum(window, inputs, gain, mean, deviations, vectors[:, ::-1])


def linear_network(
    codec: ArchiveCodec, spectrum: Spectrum, latent_dim: int, step: float
) -> ArchiveNetwork:
    """Build encoder and decoder of the first components; a code is `step` tolerance units."""
    chosen = ~spectrum.inputs.is_constant
    basis, gain = spectrum.basis[:, :latent_dim], spectrum.gain
    encoder = {
        "encoder/0/kernel": (basis * gain[:, None] / step).astype(np.float32),
        "encoder/0/bias": (-(spectrum.mean @ basis) / step).astype(np.float32),
    }
    center, offset = spectrum.inputs.center[chosen], codec.offset[chosen]
    shift = np.tile((center - offset) / codec.cell[chosen], spectrum.window)
    # The codes are of distances to the mean, so the decoder adds all of it.
    bias = spectrum.mean + shift
    return ArchiveNetwork(
        spectrum.inputs,
        spectrum.window,
        Architecture(len(gain), latent_dim, (), (0,), "linear", "plain"),
        encoder,
        _ENCODER_BITS,
        np.ones(latent_dim, np.float32),
        IntegerDecoder.linear((basis.T * step).astype(np.float32), bias.astype(np.float32)),
    ).as_stored()


def _windows(
    codec: ArchiveCodec, inputs: Standardization, block: pa.RecordBatch, window: int
) -> Float32[np.ndarray, "windows wide"]:
    values = records_to_block(block, codec.schema.lanes)
    matrix = np.nan_to_num(block_to_matrix(values, inputs), copy=False, nan=0.0)
    return rows_to_windows(matrix, window)


def _moments(
    parts: Sequence[Float32[np.ndarray, "_ wide"]], gain: Float64[np.ndarray, "wide"]
) -> tuple[Float64[np.ndarray, "wide"], Float64[np.ndarray, "wide wide"]]:
    """Return mean and covariance in tolerance units."""
    n_windows = sum(len(part) for part in parts)
    step = max(1, int(n_windows * len(gain) ** 2 / _MOST_PRODUCTS))
    total, products, count = np.zeros(len(gain)), np.zeros((len(gain), len(gain))), 0
    for part in parts:
        units = part[::step].astype(np.float64) * gain
        total += units.sum(axis=0)
        products += units.T @ units
        count += len(units)
    mean = total / max(count, 1)
    return mean, products / max(count, 1) - np.outer(mean, mean)
