"""What rate training sees of the decoder that will be stored."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from ae_pipeline.coding import IntegerDecoder
from ae_pipeline.training.rate import predict


@pytest.mark.parametrize("seed", range(3))
def test_training_predicts_what_is_stored(seed: int) -> None:
    """The network with rounding in its loop is the integer decoder, up to float32."""
    generator = np.random.default_rng(seed)
    latent, hidden, outputs = 5, 24, 9
    shapes = {
        "decoder/0/kernel": (latent, hidden),
        "decoder/0/bias": (hidden,),
        "decoder/1/kernel": (hidden, outputs),
        "decoder/1/bias": (outputs,),
        "decoder/skip/kernel": (latent, outputs),
    }
    weights = {
        name: generator.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()
    }
    codes = generator.integers(-20, 21, (4000, latent))
    stored = IntegerDecoder.from_floats(weights).predict(codes).T
    folded = {name: tf.constant(array) for name, array in weights.items()}
    seen = predict(tf.constant(codes, tf.float32), folded).numpy()
    distance = np.abs(seen - stored)
    assert np.median(distance) < 1e-6
    # Where float32 falls on the other side of a half, an activation is one step away.
    assert (distance > 1e-4).mean() < 1e-3
    assert distance.max() < np.abs(weights["decoder/1/kernel"]).max() / 32
