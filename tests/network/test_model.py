"""The autoencoder in Keras: its shape, its start at PCA, its weights in and out."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from ae_pipeline.coding import Architecture, decode_matrix, encode_matrix
from ae_pipeline.config.network import Activation, Design, Initializer
from ae_pipeline.network.initialization import initial_weights
from ae_pipeline.network.model import build_autoencoder, get_weights, set_weights, weight_names
from tests.support.codec.drawn import random_weights
from tests.support.codec.features import assert_same_weights

RESIDUAL = Architecture(6, 2, (9, 5), (3,), "relu", "residual")
PLAIN = Architecture(6, 2, (9, 5), (3,), "relu", "plain")
INITIALIZERS = get_args(Initializer)


def dependent_rows(generator: np.random.Generator, n_rows: int = 400) -> np.ndarray:
    """Off-centre rows of six columns with falling variances in oblique directions."""
    directions = np.linalg.qr(generator.normal(size=(6, 6)))[0]
    spreads = np.array([3.0, 2.0, 1.0, 0.5, 0.2, 0.1])
    rows = generator.normal(size=(n_rows, 6)) * spreads @ directions + generator.normal(size=6)
    return rows.astype(np.float32)


def optimal_error(rows: np.ndarray, rank: int) -> float:
    """Mean squared error of the best affine map through `rank` numbers (Eckart and Young 1936)."""
    exact = rows.astype(np.float64)
    singular = np.linalg.svd(exact - exact.mean(axis=0), compute_uv=False)
    return float((singular[rank:] ** 2).sum() / exact.size)


def start_error(architecture: Architecture, rows: np.ndarray) -> float:
    """Mean squared error of the untrained network."""
    weights = initial_weights(architecture, "glorot_uniform", rows, 0)
    decoded = decode_matrix(architecture, weights, encode_matrix(architecture, weights, rows))
    return float(((decoded.astype(np.float64) - rows) ** 2).mean())


@pytest.mark.parametrize("design", get_args(Design))
@pytest.mark.parametrize("latent_dim", [1, 2, 6])
@pytest.mark.parametrize("hidden", [(), (9, 5)])
def test_bottleneck_is_latent_dim_wide(
    design: Design, latent_dim: int, hidden: tuple[int, ...]
) -> None:
    """All that the decoder gets is latent_dim numbers per row, and they are the encoder's."""
    model = build_autoencoder(Architecture(6, latent_dim, hidden, hidden, "relu", design))
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    assert [tensor.shape for tensor in encoder.outputs] == [(None, latent_dim)]
    assert [tensor.shape for tensor in decoder.inputs] == [(None, latent_dim)]
    assert model.input_shape == model.output_shape == (None, 6)
    assert [layer.name for layer in model.layers] == ["rows", "encoder", "decoder"]
    for side in (encoder, decoder):
        assert any(layer.name.endswith("_skip") for layer in side.layers) == (design == "residual")


def test_whole_model_is_decoder_after_encoder(generator: np.random.Generator) -> None:
    """The autoencoder computes what its two sides compute one after the other."""
    model = build_autoencoder(RESIDUAL)
    set_weights(model, random_weights(RESIDUAL, generator))
    rows = generator.normal(size=(10, 6)).astype(np.float32)
    latents = model.get_layer("encoder")(rows)
    np.testing.assert_array_equal(model(rows), model.get_layer("decoder")(latents))


@pytest.mark.parametrize("activation", get_args(Activation))
def test_hidden_layers_have_the_activation(activation: Activation) -> None:
    """Hidden layers bend by the chosen activation, the last layer of a side is linear."""
    model = build_autoencoder(Architecture(1, 1, (1,), (), activation, "plain"))
    one, zero = np.ones((1, 1), np.float32), np.zeros(1, np.float32)
    names = ("encoder/0/kernel", "encoder/1/kernel", "decoder/0/kernel")
    biases = ("encoder/0/bias", "encoder/1/bias", "decoder/0/bias")
    set_weights(model, {**dict.fromkeys(names, one), **dict.fromkeys(biases, zero)})
    got = np.asarray(model(np.array([[-1.0], [1.0]], np.float32)))[:, 0]
    expected = {
        "relu": [0, 1],
        "leaky_relu": [-0.2, 1],
        "elu": [np.exp(-1) - 1, 1],
        "selu": [1.0507 * 1.67326 * (np.exp(-1) - 1), 1.0507],
        "gelu": [-0.158808, 0.841192],
        "swish": [-1 / (1 + np.e), 1 / (1 + np.exp(-1))],
        "softplus": [np.log(1 + np.exp(-1)), np.log(1 + np.e)],
        "sigmoid": [1 / (1 + np.e), 1 / (1 + np.exp(-1))],
        "tanh": [-np.tanh(1), np.tanh(1)],
        "linear": [-1, 1],
    }
    np.testing.assert_allclose(got, expected[activation], atol=1e-5)


@pytest.mark.parametrize("architecture", [RESIDUAL, PLAIN])
def test_weights_round_trip(architecture: Architecture, generator: np.random.Generator) -> None:
    """What is set is what is got, bit by bit, under the names and shapes of the architecture."""
    model, weights = build_autoencoder(architecture), random_weights(architecture, generator)
    set_weights(model, weights)
    assert_same_weights(weights, get_weights(model))
    shapes = {name: array.shape for name, array in get_weights(model).items()}
    assert shapes == architecture.weight_shapes()


@pytest.mark.parametrize("architecture", [RESIDUAL, PLAIN])
def test_weight_names_follow_the_variables(
    architecture: Architecture, generator: np.random.Generator
) -> None:
    """The n-th name belongs to the n-th trainable variable, and every weight has its name."""
    model, weights = build_autoencoder(architecture), random_weights(architecture, generator)
    set_weights(model, weights)
    names = weight_names(model)
    assert sorted(names) == sorted(architecture.weight_shapes())
    for name, variable in zip(names, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(np.asarray(variable), weights[name], name)


@pytest.mark.parametrize("latent_dim", [1, 2, 4, 6])
@pytest.mark.parametrize("hidden", [(), (8,), (8, 4)])
def test_residual_start_is_pca(
    latent_dim: int, hidden: tuple[int, ...], generator: np.random.Generator
) -> None:
    """Untrained, the residual network errs as little as any affine map of its width can."""
    rows = dependent_rows(generator)
    architecture = Architecture(6, latent_dim, hidden, hidden, "relu", "residual")
    assert start_error(architecture, rows) == pytest.approx(
        optimal_error(rows, latent_dim), rel=1e-4, abs=1e-9
    )


def test_latents_start_white(generator: np.random.Generator) -> None:
    """Untrained latents have mean 0, variance 1 and no correlation."""
    rows = dependent_rows(generator)
    architecture = Architecture(6, 4, (5,), (5,), "relu", "residual")
    weights = initial_weights(architecture, "he_normal", rows, 0)
    latents = encode_matrix(architecture, weights, rows).astype(np.float64)
    np.testing.assert_allclose(latents.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(latents.T @ latents / len(rows), np.eye(4), atol=1e-3)


def test_degenerate_rows_start_finite(generator: np.random.Generator) -> None:
    """Repeated columns, one row and rows without values start with finite, modest weights."""
    column = generator.normal(size=(50, 1)).astype(np.float32)
    empty = np.full((3, 6), np.nan, np.float32)
    for rows in (np.repeat(column, 6, axis=1), dependent_rows(generator, 1), empty):
        weights = initial_weights(RESIDUAL, "glorot_uniform", rows, 0)
        assert all(np.abs(array).max() <= 1e4 for array in weights.values())
        latents = encode_matrix(RESIDUAL, weights, np.nan_to_num(rows))
        assert np.abs(latents).max() < 10


def test_missing_values_count_as_the_centre(generator: np.random.Generator) -> None:
    """Rows with gaps start as the same rows with zeros do, because zeros are what is encoded."""
    rows = dependent_rows(generator)
    rows[generator.random(rows.shape) < 0.2] = np.nan
    gaps = initial_weights(RESIDUAL, "normal", rows, 3)
    assert_same_weights(initial_weights(RESIDUAL, "normal", np.nan_to_num(rows), 3), gaps)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_initializer(initializer: Initializer, generator: np.random.Generator) -> None:
    """Every initialiser draws every hidden layer, another one for each layer and each seed."""
    rows = dependent_rows(generator)
    square = Architecture(6, 2, (8, 8, 8), (3,), "relu", "residual")
    first = initial_weights(square, initializer, rows, 1)
    assert_same_weights(first, initial_weights(square, initializer, rows, 1))
    other = initial_weights(square, initializer, rows, 2)
    for name in ("encoder/0/kernel", "encoder/1/kernel", "encoder/2/kernel", "decoder/0/kernel"):
        assert first[name].std() > 0.01
        assert not np.array_equal(first[name], other[name])
    assert not np.array_equal(first["encoder/1/kernel"], first["encoder/2/kernel"])


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        ("glorot_uniform", 2 / 300),
        ("glorot_normal", 2 / 300),
        ("he_uniform", 2 / 200),
        ("he_normal", 2 / 200),
        ("uniform", 0.1**2 / 12),
        ("normal", 0.05**2),
    ],
)
def test_initializer_has_its_variance(initializer: Initializer, variance: float) -> None:
    """Each name draws with the variance that its papers give: Glorot 2010, He 2015, Keras."""
    wide = Architecture(200, 100, (), (), "relu", "plain")
    weights = initial_weights(wide, initializer, np.zeros((1, 200), np.float32), 0)
    assert weights["encoder/0/kernel"].var() == pytest.approx(variance, rel=0.05)
    assert not weights["encoder/0/bias"].any()


def test_plain_start_is_drawn(generator: np.random.Generator) -> None:
    """The plain design knows nothing of PCA: every kernel is drawn and every bias is zero."""
    weights = initial_weights(PLAIN, "glorot_uniform", dependent_rows(generator), 0)
    assert list(weights) == list(PLAIN.weight_shapes())
    for name, array in weights.items():
        assert array.any() == name.endswith("kernel"), name


def test_residual_branch_starts_at_zero(generator: np.random.Generator) -> None:
    """Of the branches only the output kernels are zero, so that the first gradient reaches them."""
    weights = initial_weights(RESIDUAL, "glorot_uniform", dependent_rows(generator), 0)
    assert list(weights) == list(RESIDUAL.weight_shapes())
    kernels = [name for name in weights if name.endswith("kernel")]
    zero = [name for name in kernels if not weights[name].any()]
    assert zero == ["encoder/2/kernel", "decoder/1/kernel"]


def test_weighted_errors_choose_the_components(generator: np.random.Generator) -> None:
    """Columns whose errors count little get no component, and all still start at their mean."""
    rows = generator.normal(size=(500, 4)).astype(np.float32) * np.array([3, 3, 1, 1], np.float32)
    narrow = Architecture(4, 2, (3,), (3,), "relu", "residual")
    counts = np.array([0.01, 0.01, 1, 1], np.float32)
    weights = initial_weights(narrow, "glorot_uniform", rows, 0, counts)
    both = weights["encoder/skip/kernel"] @ weights["decoder/skip/kernel"]
    np.testing.assert_allclose(np.diag(both), [0, 0, 1, 1], atol=0.05)
    np.testing.assert_allclose(weights["decoder/1/bias"], rows.mean(axis=0), atol=1e-5)
    same = initial_weights(narrow, "glorot_uniform", rows, 0, np.ones(4, np.float32))
    assert_same_weights(initial_weights(narrow, "glorot_uniform", rows, 0), same)
