"""Initial weights: PCA for the linear part, zero for the branch that bends it."""

from __future__ import annotations

import keras
import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.coding import Architecture, Weights
from ae_pipeline.config.network import Initializer
from ae_pipeline.inputs import RowInputs

#: Components of less variance carry rounding noise, which whitening must not amplify.
_SMALLEST_VARIANCE = 1e-6
#: Slope of the logistic function at one half, inverted: there, a share moves its logit so much.
_LOGITS_PER_SHARE = 4.0
_LEAST_SHARE = 1e-4


def initial_weights(
    architecture: Architecture,
    initializer: Initializer,
    rows: Float32[np.ndarray, "rows inputs"],
    seed: int,
    counts: Float32[np.ndarray, "inputs"] | None = None,
) -> Weights:
    """Return the weights to start training from.

    Hidden layers are drawn from `initializer`. In the residual design the skips are the whitened
    principal components of `rows` and the output layers are zero, so the untrained network is
    PCA exactly; the plain design draws every layer.

    Args:
        architecture: shapes.
        initializer: a Keras initialiser by name.
        rows: standardised rows, NaN where a value is missing.
        seed: of the draws.
        counts: weight of each input's squared error; None if all count alike.
    """
    draws = np.random.default_rng(seed)
    weights: dict[str, Float32[np.ndarray, "..."]] = {}
    for name, shape in architecture.weight_shapes().items():
        if name.endswith("/kernel") and "/skip/" not in name:
            draw = keras.initializers.get(
                {"class_name": _KERAS_NAMES[initializer], "config": {"seed": _draw_seed(draws)}}
            )
            weights[name] = np.asarray(draw(shape), np.float32)
        else:
            weights[name] = np.zeros(shape, np.float32)
    if architecture.design == "residual":
        weights.update(_principal_components(architecture, rows, counts))
    return weights


_KERAS_NAMES: dict[Initializer, str] = {
    "glorot_uniform": "GlorotUniform",
    "glorot_normal": "GlorotNormal",
    "he_uniform": "HeUniform",
    "he_normal": "HeNormal",
    "uniform": "RandomUniform",
    "normal": "RandomNormal",
}


def with_logits(weights: Weights, architecture: Architecture, inputs: RowInputs) -> Weights:
    """Return initial weights whose decoder gives logits of categories instead of their shares.

    Args:
        weights: of `initial_weights`.
        architecture: their shapes.
        inputs: which outputs are categories.
    """
    changed = dict(weights)
    skip, bias = "decoder/skip/kernel", f"decoder/{len(architecture.decoder_hidden)}/bias"
    for category, span in inputs.category_spans:
        for name in (skip, bias):
            if name in changed:
                changed[name] = changed[name].copy()
        if skip in changed:
            changed[skip][:, span] *= _LOGITS_PER_SHARE
        changed[bias][span] = np.log(np.maximum(category.prior, _LEAST_SHARE))
    return changed


def _draw_seed(generator: np.random.Generator) -> int:
    return int(generator.integers(1 << 31))


def _principal_components(
    architecture: Architecture,
    rows: Float32[np.ndarray, "rows inputs"],
    counts: Float32[np.ndarray, "inputs"] | None,
) -> dict[str, Float32[np.ndarray, "..."]]:
    """Return skips and output biases that make the network whitened PCA, and zero output kernels.

    Jolliffe 2002, chapter 2: latent = (x - mean) V / sqrt(variance), and back.
    """
    mean, covariance = _moments(rows)
    roots = np.ones(len(mean)) if counts is None else np.sqrt(counts.astype(np.float64))
    variances, vectors = np.linalg.eigh(covariance * np.outer(roots, roots))
    largest = np.argsort(variances)[::-1][: architecture.latent_dim]
    deviations = np.sqrt(np.maximum(variances[largest], _SMALLEST_VARIANCE))
    encoder = roots[:, None] * vectors[:, largest] / deviations  # [inputs, latent]
    decoder = (vectors[:, largest] * deviations).T / roots  # [latent, inputs]
    encoder_out = f"encoder/{len(architecture.encoder_hidden)}"
    decoder_out = f"decoder/{len(architecture.decoder_hidden)}"
    shapes = architecture.weight_shapes()
    return {
        "encoder/skip/kernel": encoder.astype(np.float32),
        "decoder/skip/kernel": decoder.astype(np.float32),
        f"{encoder_out}/kernel": np.zeros(shapes[f"{encoder_out}/kernel"], np.float32),
        f"{decoder_out}/kernel": np.zeros(shapes[f"{decoder_out}/kernel"], np.float32),
        f"{encoder_out}/bias": (-mean @ encoder).astype(np.float32),
        f"{decoder_out}/bias": mean.astype(np.float32),
    }


def _moments(
    rows: Float32[np.ndarray, "rows inputs"],
) -> tuple[Float64[np.ndarray, "inputs"], Float64[np.ndarray, "inputs inputs"]]:
    """Return mean and covariance in float64; missing values count as the centre, as in encoding."""
    filled = np.nan_to_num(rows, nan=0.0).astype(np.float64)
    mean = filled.mean(axis=0)
    filled -= mean
    return mean, filled.T @ filled / max(len(filled), 1)
