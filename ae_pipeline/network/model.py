"""The Keras model of an architecture."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from ae_pipeline.coding import Architecture, Side, Weights
from ae_pipeline.config.network import Activation


def build_autoencoder(architecture: Architecture) -> keras.Model:
    """Build encoder and decoder in one model; weights are zero until `set_weights`.

    Layers are called after their weights: `encoder_0`, `encoder_skip`, ...
    The sub-models are the layers `encoder` and `decoder`.
    """
    encoder = _build_side("encoder", architecture)
    decoder = _build_side("decoder", architecture)
    inputs = keras.Input((architecture.n_inputs,), name="rows")
    return keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")


def build_encoder(architecture: Architecture) -> keras.Model:
    """Build the encoder alone; weights as in `build_autoencoder`."""
    return _build_side("encoder", architecture)


def build_halves(architecture: Architecture) -> tuple[keras.Model, keras.Model]:
    """Build encoder and decoder, each a model of its own; weights as in `build_autoencoder`."""
    return build_encoder(architecture), _build_side("decoder", architecture)


def get_weights(model: keras.Model) -> Weights:
    """Return weights as arrays under the names of `Architecture.weight_shapes`."""
    return {
        _weight_name(layer, variable): np.asarray(variable, np.float32)
        for layer in _dense_layers(model)
        for variable in layer.weights
    }


def set_weights(model: keras.Model, weights: Weights) -> None:
    """Invert `get_weights`."""
    for layer in _dense_layers(model):
        layer.set_weights([weights[_weight_name(layer, variable)] for variable in layer.weights])


def weight_names(model: keras.Model) -> list[str]:
    """Return names in the order of `model.trainable_variables`."""
    names = {
        variable.path: _weight_name(layer, variable)
        for layer in _dense_layers(model)
        for variable in layer.weights
    }
    return [names[variable.path] for variable in model.trainable_variables]


def _build_side(side: Side, architecture: Architecture) -> keras.Model:
    widths = architecture.layer_widths(side)
    inputs = keras.Input((widths[0],), name=f"{side}_input")
    hidden = inputs
    for index, width in enumerate(widths[1:]):
        is_last = index == len(widths) - 2
        activation = None if is_last else ACTIVATIONS[architecture.activation]
        hidden = keras.layers.Dense(
            width, activation=activation, kernel_initializer="zeros", name=f"{side}_{index}"
        )(hidden)
    if architecture.design == "residual":
        skip = keras.layers.Dense(
            widths[-1], use_bias=False, kernel_initializer="zeros", name=f"{side}_skip"
        )
        hidden = keras.layers.Add(name=f"{side}_sum")([hidden, skip(inputs)])
    return keras.Model(inputs, hidden, name=side)


def _dense_layers(model: keras.Model) -> list[keras.layers.Dense]:
    """Return the dense layers of a model and of the models in it."""
    found: list[keras.layers.Dense] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _dense_layers(layer)
        elif isinstance(layer, keras.layers.Dense):
            found.append(layer)
    return found


def _weight_name(layer: keras.layers.Dense, variable: keras.Variable) -> str:
    """Join a layer's name and a part: `encoder_0` and `kernel` make `encoder/0/kernel`."""
    return f"{layer.name.replace('_', '/')}/{variable.name}"


def _gelu(x: keras.KerasTensor) -> keras.KerasTensor:
    """Compute the tanh form, which numpy can repeat; the other one needs erf."""
    return keras.activations.gelu(x, approximate=True)


#: The Keras function of each `Activation`.
ACTIVATIONS: dict[Activation, Callable[[keras.KerasTensor], keras.KerasTensor]] = {
    "relu": keras.activations.relu,
    "leaky_relu": keras.activations.leaky_relu,
    "elu": keras.activations.elu,
    "selu": keras.activations.selu,
    "gelu": _gelu,
    "swish": keras.activations.silu,
    "softplus": keras.activations.softplus,
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "linear": keras.activations.linear,
}
