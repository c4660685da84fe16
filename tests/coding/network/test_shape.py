"""Shapes of the networks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any  # fields of several types

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import Architecture
from ae_pipeline.config.network import Design, NetworkConfig

widths = st.lists(st.integers(1, 99), max_size=3).map(tuple)
# Not `st.builds(Architecture)`: the checks of its annotations draw from `random`, which hypothesis
# forbids while it makes an example.
shapes = {
    "n_inputs": st.integers(1, 99),
    "latent_dim": st.integers(1, 99),
    "encoder_hidden": widths,
    "decoder_hidden": widths,
}


@pytest.mark.parametrize(("n_inputs", "latent_dim"), [(1, 1), (2, 1), (3, 1), (8, 2), (800, 200)])
def test_default_bottleneck_is_a_quarter(n_inputs: int, latent_dim: int) -> None:
    """Without a setting the bottleneck has a quarter of the inputs, at least one."""
    assert Architecture.from_config(NetworkConfig(), n_inputs).latent_dim == latent_dim


def test_config_decides() -> None:
    """Widths, activation and design are those of the settings."""
    config = NetworkConfig(latent_dim=3, encoder_hidden=(9, 5), activation="tanh", design="plain")
    assert Architecture.from_config(config, 20) == Architecture(
        20, 3, (9, 5), (5, 9), "tanh", "plain"
    )


def test_weight_shapes_in_storage_order() -> None:
    """Weights are named and ordered as the module's docstring says, skip connections first."""
    shapes = Architecture(4, 2, (8,), (), "relu", "residual").weight_shapes()
    assert list(shapes.items()) == [
        ("encoder/skip/kernel", (4, 2)),
        ("encoder/0/kernel", (4, 8)),
        ("encoder/0/bias", (8,)),
        ("encoder/1/kernel", (8, 2)),
        ("encoder/1/bias", (2,)),
        ("decoder/skip/kernel", (2, 4)),
        ("decoder/0/kernel", (2, 4)),
        ("decoder/0/bias", (4,)),
    ]


@given(st.fixed_dictionaries(shapes), st.sampled_from(["residual", "plain"]))
def test_layers_fit_together(fields: dict[str, Any], design: Design) -> None:
    """Each layer takes what the one before gives, from inputs to latent and back."""
    architecture = Architecture(**fields, activation="relu", design=design)
    shapes = architecture.weight_shapes()
    assert architecture.layer_widths("encoder")[0] == architecture.n_inputs
    assert architecture.layer_widths("encoder")[-1] == architecture.latent_dim
    assert architecture.layer_widths("decoder")[0] == architecture.latent_dim
    assert architecture.layer_widths("decoder")[-1] == architecture.n_inputs
    for side, hidden in (
        ("encoder", architecture.encoder_hidden),
        ("decoder", architecture.decoder_hidden),
    ):
        kernels = [shapes[f"{side}/{index}/kernel"] for index in range(len(hidden) + 1)]
        assert all(left[1] == right[0] for left, right in pairwise(kernels))
        for index, kernel in enumerate(kernels):
            assert shapes[f"{side}/{index}/bias"] == (kernel[1],)
        has_skip = f"{side}/skip/kernel" in shapes
        assert has_skip == (design == "residual")


@given(st.fixed_dictionaries(shapes))
def test_plain_is_residual_without_skips(fields: dict[str, Any]) -> None:
    """The designs differ by the two linear maps, and the parameters are counted accordingly."""
    residual = Architecture(**fields, activation="relu", design="residual")
    plain = Architecture(**fields, activation="relu", design="plain")
    skips = 2 * fields["n_inputs"] * fields["latent_dim"]
    assert residual.n_parameters - plain.n_parameters == skips
