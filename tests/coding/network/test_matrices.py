"""The networks in numpy, held to the Keras model and to formulas."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import (
    Architecture,
    Side,
    Weights,
    decode_matrix,
    encode_matrix,
    fill_tiles,
)
from ae_pipeline.coding.network import matrices as inference
from ae_pipeline.config.network import Activation, Design
from tests.support.codec.drawn import random_weights
from tests.support.codec.features import hand_set_codec

ACTIVATIONS = get_args(Activation)
DESIGNS = get_args(Design)
WIDTHS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), ()),
    ((9,), (1,)),
    ((7, 3), ()),
    ((4, 8, 5), (16, 2)),
)


def keras_side(
    side: Side, architecture: Architecture, weights: Weights, x: np.ndarray
) -> np.ndarray:
    """What the Keras model makes of the rows."""
    from ae_pipeline.network.model import build_autoencoder, set_weights

    model = build_autoencoder(architecture)
    set_weights(model, weights)
    return np.asarray(model.get_layer(side)(x))


def assert_close(got: np.ndarray, expected: np.ndarray) -> None:
    """Equal to float32 rounding of sums of numbers as large as the largest."""
    assert got.dtype == np.float32
    assert got.shape == expected.shape
    size = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5 * size)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_agrees_with_keras(
    activation: Activation, design: Design, generator: np.random.Generator
) -> None:
    """Both sides agree with Keras for every activation, design and depth, at extremes too."""
    rows = np.vstack([generator.normal(size=(20, 6)), generator.choice([-10, 0, 10], (20, 6))])
    for encoder_hidden, decoder_hidden in WIDTHS:
        architecture = Architecture(6, 2, encoder_hidden, decoder_hidden, activation, design)
        weights = random_weights(architecture, generator)
        x = rows.astype(np.float32)
        latents = encode_matrix(architecture, weights, x)
        assert_close(latents, keras_side("encoder", architecture, weights, x))
        decoded = decode_matrix(architecture, weights, latents)
        assert_close(decoded, keras_side("decoder", architecture, weights, latents))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_agrees_with_keras_at_large_preactivations(
    activation: Activation, generator: np.random.Generator
) -> None:
    """Pre-activations of thousands saturate as they do in Keras."""
    architecture = Architecture(5, 2, (12,), (12,), activation, "residual")
    weights = random_weights(architecture, generator)
    # Whole numbers, so that both sum them without rounding.
    weights["encoder/0/kernel"] = generator.integers(-300, 300, (5, 12)).astype(np.float32)
    weights["encoder/0/bias"] = generator.integers(-3000, 3000, 12).astype(np.float32)
    x = generator.integers(-10, 11, (50, 5)).astype(np.float32)
    got = encode_matrix(architecture, weights, x)
    assert_close(got, keras_side("encoder", architecture, weights, x))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_agrees_with_keras(activation: Activation) -> None:
    """Each activation is Keras' own from -1e30 to 1e30, without a NaN or a warning of ours."""
    from ae_pipeline.network.model import ACTIVATIONS as IN_KERAS

    sizes = np.logspace(-30, 30, 241)
    around_zero = np.linspace(-12, 12, 481)
    x = np.concatenate([-sizes, sizes, around_zero, [0.0, -88.5, 88.5, -104.0]])
    x = x.astype(np.float32)[:, None]
    with np.errstate(over="ignore", under="ignore"):
        got = inference.ACTIVATIONS[activation](x.copy())
    expected = np.asarray(IN_KERAS[activation](x))
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("n_rows", [0, 1, 2, 2047, 2048, 2049, 5000])
def test_any_number_of_rows(n_rows: int, generator: np.random.Generator) -> None:
    """Tiles are seamless: every row comes out, in order, as it does alone."""
    architecture = Architecture(3, 2, (4,), (4,), "tanh", "residual")
    weights = random_weights(architecture, generator)
    x = generator.normal(size=(n_rows, 3)).astype(np.float32)
    latents = encode_matrix(architecture, weights, x)
    assert latents.shape == (n_rows, 2)
    assert decode_matrix(architecture, weights, latents).shape == (n_rows, 3)
    if n_rows:
        assert_close(latents, keras_side("encoder", architecture, weights, x))
    for row in {0, n_rows - 1} & set(range(n_rows)):
        alone = encode_matrix(architecture, weights, x[row : row + 1])
        assert_close(latents[row : row + 1], alone)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_arguments_stay_as_they_were(
    activation: Activation, generator: np.random.Generator
) -> None:
    """Rows and weights are read, never written."""
    architecture = Architecture(3, 2, (4, 4), (4,), activation, "residual")
    weights = random_weights(architecture, generator)
    x = generator.normal(size=(10, 3)).astype(np.float32)
    x.flags.writeable = False
    for array in weights.values():
        array.flags.writeable = False
    latents = encode_matrix(architecture, weights, x)
    latents.flags.writeable = False
    assert decode_matrix(architecture, weights, latents).flags.writeable


@given(st.lists(st.tuples(st.integers(-400, 400), st.integers(-400, 400)), max_size=30))
def test_hand_set_weights(quarters: list[tuple[int, int]]) -> None:
    """A network by formula gives exactly what the formula says."""
    codec = hand_set_codec()
    numbers = np.array(quarters, np.float32).reshape(-1, 2) / 4
    inputs = numbers @ np.array([[1, 0, 0.5, 1], [0, 1, 0.5, -1]], np.float32)
    np.testing.assert_array_equal(encode_matrix(codec.architecture, codec.weights, inputs), numbers)
    np.testing.assert_array_equal(decode_matrix(codec.architecture, codec.weights, numbers), inputs)


def test_pin_blas_threads() -> None:
    """Once pinned, BLAS works with one thread for the rest of the process."""
    code = """if True:
        import gc
        import numpy as np
        from threadpoolctl import threadpool_info
        from ae_pipeline.coding import pin_blas_threads
        def threads():
            return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
        before = threads()
        pin_blas_threads()
        pin_blas_threads()
        gc.collect()
        np.ones((500, 500)) @ np.ones((500, 500))
        print(before, threads())
    """
    several = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=several, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[1]")


@pytest.mark.parametrize("n_rows", [0, 1, 5, 33, 2047, 2048, 2049])
def test_rows_in_full_tiles_do_not_depend_on_each_other(
    n_rows: int, generator: np.random.Generator
) -> None:
    """In full tiles, some rows alone have the bits that they have among others."""
    architecture = Architecture(64, 3, (64,), (64,), "swish", "residual")
    weights = random_weights(architecture, generator)
    x = generator.normal(size=(5000, 64)).astype(np.float32)
    among = encode_matrix(architecture, weights, fill_tiles(x))
    alone = encode_matrix(architecture, weights, fill_tiles(x[777 : 777 + n_rows]))[:n_rows]
    assert alone.tobytes() == among[777 : 777 + n_rows].tobytes()
