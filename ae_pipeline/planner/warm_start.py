"""Start a training from a trained network, for data that has drifted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import IntegerDecoder, Weights

#: Log scale of the logistics of codes and residuals; training soon finds better ones.
_LOG_SCALE = 0.0


def start_parameters(codec: ArchiveCodec, network: ArchiveNetwork) -> Weights:
    """Return the parameters of the rate objective from which training continues.

    Args:
        codec: its tolerances scale the outputs of the network.
        network: of the codec; the next network keeps the standardisation of its inputs.
    """
    chosen = ~network.standardization.is_constant
    unit = codec.cell[chosen]
    gain = np.tile(network.standardization.scale[chosen] / unit, network.window)
    center, offset = network.standardization.center[chosen], codec.offset[chosen]
    shift = np.tile((center - offset) / unit, network.window)
    log_step = np.log(network.code_step.astype(np.float64))
    return {
        **network.encoder,
        **_decoder_parameters(network.decoder, np.exp(log_step), gain, shift),
        "code/log_step": log_step.astype(np.float32),
        "code/location": np.zeros(len(log_step), np.float32),
        "code/log_scale": np.full(len(log_step), _LOG_SCALE, np.float32),
        "correction/log_scale": np.full(len(gain), _LOG_SCALE, np.float32),
    }


def _decoder_parameters(
    decoder: IntegerDecoder,
    step: Float64[np.ndarray, "latent"],
    gain: Float64[np.ndarray, "outputs"],
    shift: Float64[np.ndarray, "outputs"],
) -> dict[str, np.ndarray]:
    """Convert from codes and tolerance units to latents and standardised units."""
    hidden = np.ldexp(decoder.hidden_weights.astype(np.float64), -decoder.hidden_shift.astype(int))
    output = np.ldexp(decoder.output_weights.astype(np.float64), -decoder.output_shift.astype(int))
    skip = np.ldexp(decoder.skip_weights.astype(np.float64), -decoder.skip_shift.astype(int))
    parameters = {
        "decoder/skip/kernel": skip / step[:, None] / gain,
        "decoder/0/kernel": hidden / step[:, None],
        "decoder/0/bias": decoder.hidden_bias.astype(np.float64),
        "decoder/1/kernel": output / gain,
        "decoder/1/bias": (decoder.output_bias - shift) / gain,
    }
    return {name: array.astype(np.float32) for name, array in parameters.items()}
