"""The rate objective: expected bits of codes and residuals, with the integer decoder in the loop.

Codes and residuals are modelled by logistic distributions with learned location and scale,
integrated over one cell; rounding is replaced by uniform noise while training and is real when
evaluating. The decoder's weights and activations are rounded as `coding.network` rounds them, and
gradients pass through the rounding unchanged.

Sources: Balle, Laparra and Simoncelli 2017, "End-to-end Optimized Image Compression" (noise for
rounding); Salimans et al. 2017, "PixelCNN++" (discretised logistic); Jacob et al. 2018,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference".
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from jaxtyping import Float64

from ae_pipeline.coding import (
    ACTIVATION_MAX,
    ACTIVATION_STEPS,
    SKIP_MAX,
    WEIGHT_MAX,
    Architecture,
    Weights,
)
from ae_pipeline.network.model import build_encoder, weight_names
from ae_pipeline.training.objective import Tensors

_SMALLEST_PROBABILITY = 1e-9
_SMALLEST_DEVIATION = 1e-2
_NOISE_PER_SCALE, _LEAST_NOISE = 2.0, 0.3
_LOG_2 = float(np.log(2.0))


class RateObjective:
    """Bits per row of an archive's block.

    Parameters beside the weights of the architecture: `code/log_step`, `code/location`,
    `code/log_scale` (one per latent) and `correction/log_scale` (of residuals, one per column; the
    name is that of stored checkpoints).

    Args:
        architecture: residual design, one hidden layer in the decoder.
        gain: tolerance units per standardised unit of each column.
        seed: for the noise.
    """

    def __init__(
        self, architecture: Architecture, gain: Float64[np.ndarray, "inputs"], seed: int
    ) -> None:
        latent_dim, n_inputs = architecture.latent_dim, architecture.n_inputs
        self._encoder = build_encoder(architecture)
        self._encoder_names = weight_names(self._encoder)
        self._gain = tf.constant(gain, tf.float32)
        self._seed = seed
        self.shapes: dict[str, tuple[int, ...]] = {
            **architecture.weight_shapes(),
            "code/log_step": (latent_dim,),
            "code/location": (latent_dim,),
            "code/log_scale": (latent_dim,),
            "correction/log_scale": (n_inputs,),
        }

    def loss(self, batch: tf.Tensor, parameters: Tensors, step: tf.Tensor) -> tf.Tensor:
        """Return the expected bits per row, with noise for rounding."""
        is_present, inputs, latents = self._encode(batch, parameters)
        codes = latents + self._noise(latents, 0, step)
        residuals = self._residuals(inputs, codes, parameters)
        residuals += self._noise(residuals, 1, step) * _noise_share(parameters)
        return self._bits(codes, residuals, is_present, parameters)

    def evaluate(self, batch: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        """Return the bits per row under the same model, with real rounding."""
        is_present, inputs, latents = self._encode(batch, parameters)
        codes = tf.round(latents)
        residuals = tf.round(self._residuals(inputs, codes, parameters))
        return self._bits(codes, residuals, is_present, parameters)

    def _encode(
        self, batch: tf.Tensor, parameters: Tensors
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return (where values are present, inputs with the rest filled, latents in steps)."""
        is_present = tf.math.is_finite(batch)
        inputs = tf.where(is_present, batch, 0.0)
        variables = [parameters[name] for name in self._encoder_names]
        latents, _ = self._encoder.stateless_call(variables, [], inputs)
        return is_present, inputs, latents * tf.exp(-parameters["code/log_step"])

    def _residuals(self, inputs: tf.Tensor, codes: tf.Tensor, parameters: Tensors) -> tf.Tensor:
        """Return residuals in tolerance units, before rounding."""
        return inputs * self._gain - predict(codes, fold(parameters, self._gain))

    def _bits(
        self, codes: tf.Tensor, residuals: tf.Tensor, is_present: tf.Tensor, parameters: Tensors
    ) -> tf.Tensor:
        code_bits = _logistic_bits(
            codes - parameters["code/location"], parameters["code/log_scale"]
        )
        residual_bits = _logistic_bits(residuals, parameters["correction/log_scale"])
        residual_bits = tf.where(is_present, residual_bits, 0.0)
        return tf.reduce_mean(
            tf.reduce_sum(code_bits, axis=1) + tf.reduce_sum(residual_bits, axis=1)
        )

    def _noise(self, like: tf.Tensor, stream: int, step: tf.Tensor) -> tf.Tensor:
        seed = tf.stack([tf.constant(2 * self._seed + stream), step])
        # XLA makes this generator cheap; the one it would choose took most of the training time.
        return tf.random.stateless_uniform(tf.shape(like), seed, -0.5, 0.5, alg="philox")


def _noise_share(parameters: Tensors) -> tf.Tensor:
    """Return the share of the rounding noise that each column's residuals get.

    Residuals that spread over many cells are rounded as if by noise. Where nearly all are 0, noise
    would punish distances that rounding forgives; the soft edge of the cell then models rounding
    better (as in Agustsson and Theis 2020, "Universally Quantized Neural Compression").
    """
    scale = tf.stop_gradient(tf.exp(parameters["correction/log_scale"]))
    return tf.clip_by_value(_NOISE_PER_SCALE * scale, _LEAST_NOISE, 1.0)


def start_rate(weights: Weights, gain: Float64[np.ndarray, "inputs"], step: float) -> Weights:
    """Return the parameters to start from: PCA in tolerance units.

    Args:
        weights: as `network.initial_weights` makes them from rows in tolerance units.
        gain: tolerance units per standardised unit of each column.
        step: tolerance units per code.
    """
    gains = gain.astype(np.float32)
    # Rows of the whitened decoder have the length of their component's standard deviation.
    deviation = np.linalg.norm(weights["decoder/skip/kernel"].astype(np.float64), axis=1)
    log_deviation = np.log(np.maximum(deviation / step, _SMALLEST_DEVIATION))
    return {
        **weights,
        "encoder/skip/kernel": weights["encoder/skip/kernel"] * gains[:, None],
        "decoder/skip/kernel": weights["decoder/skip/kernel"] / gains,
        "decoder/1/bias": weights["decoder/1/bias"] / gains,
        "code/log_step": (-log_deviation).astype(np.float32),
        "code/location": np.zeros(len(deviation), np.float32),
        "code/log_scale": np.log(0.55 * np.exp(log_deviation) + 0.3).astype(np.float32),
        "correction/log_scale": np.zeros(len(gain), np.float32),
    }


def fold(parameters: Tensors, gain: tf.Tensor) -> Tensors:
    """Fold steps and gains into the decoder, which then maps codes to tolerance units."""
    step = tf.exp(parameters["code/log_step"])[:, None]
    return {
        "decoder/skip/kernel": step * parameters["decoder/skip/kernel"] * gain,
        "decoder/0/kernel": step * parameters["decoder/0/kernel"],
        "decoder/0/bias": parameters["decoder/0/bias"],
        "decoder/1/kernel": parameters["decoder/1/kernel"] * gain,
        "decoder/1/bias": parameters["decoder/1/bias"] * gain,
    }


def predict(codes: tf.Tensor, folded: Tensors) -> tf.Tensor:
    """Compute what `IntegerDecoder` does, in float32 and with gradients."""
    hidden = codes @ _round_columns(folded["decoder/0/kernel"], WEIGHT_MAX)
    hidden = (hidden + folded["decoder/0/bias"]) * ACTIVATION_STEPS
    hidden = tf.clip_by_value(_through(hidden, tf.round(hidden)), 0.0, float(ACTIVATION_MAX))
    output = (hidden / ACTIVATION_STEPS) @ _round_columns(folded["decoder/1/kernel"], WEIGHT_MAX)
    skip = codes @ _round_columns(folded["decoder/skip/kernel"], SKIP_MAX)
    return skip + output + folded["decoder/1/bias"]


def _round_columns(kernel: tf.Tensor, largest: int) -> tf.Tensor:
    """Round as `coding.round_columns` does, times the step."""
    peak = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=0), 2.0**-100)
    step = tf.stop_gradient(tf.pow(2.0, tf.math.ceil(tf.math.log(peak / largest) / _LOG_2)))
    return _through(kernel, tf.round(kernel / step) * step)


def _through(value: tf.Tensor, rounded: tf.Tensor) -> tf.Tensor:
    """Return `rounded` with the gradient of `value` (Bengio, Leonard and Courville 2013)."""
    return value + tf.stop_gradient(rounded - value)


def _logistic_bits(distance: tf.Tensor, log_scale: tf.Tensor) -> tf.Tensor:
    """Return -log2 of the probability of the cell around `distance`, taken below zero."""
    inverse = tf.exp(-log_scale)
    below = -tf.abs(distance)
    probability = tf.sigmoid((below + 0.5) * inverse) - tf.sigmoid((below - 0.5) * inverse)
    return -tf.math.log(tf.maximum(probability, _SMALLEST_PROBABILITY)) / _LOG_2
