"""The network drawn to scale: one bar per layer, as high as the layer is wide."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.patches import Polygon, Rectangle

from ae_pipeline.coding import Architecture
from ae_pipeline.pages.drawing import Colour, drawing, no_frame
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure

_WIDTH = 0.24


def section(facts: Facts) -> Section | None:
    """The layers; None of a codec without a network."""
    shape = facts.format.architecture
    if shape is None:
        return None
    lead = (
        f"{shape.n_inputs:,} inputs, {shape.latent_dim:,} latents, {shape.activation} activation, "
        f"{shape.design} design, {_n_weights(shape):,} weights. Left of the latents is the "
        "encoder, right of them the decoder."
    )
    return Section("network", "The network", lead, figure(_draw(shape)), is_half=True)


def _n_weights(shape: Architecture) -> int:
    total = 0
    for widths in shape.weight_shapes().values():
        n = 1
        for width in widths:
            n *= width
        total += n
    return total


def _draw(shape: Architecture) -> str:
    encoder, decoder = shape.layer_widths("encoder"), shape.layer_widths("decoder")
    layers = [*encoder, *decoder[1:]]
    middle, most = len(encoder) - 1, max(layers)
    with drawing("Layers of the network, to scale", 220) as picture:
        axes = picture.axes
        for place, (left, right) in enumerate(pairwise(layers)):
            x, y = place + _WIDTH / 2, place + 1 - _WIDTH / 2
            corners = [(x, left / 2), (y, right / 2), (y, -right / 2), (x, -left / 2)]
            axes.add_patch(Polygon(corners, closed=True, color=Colour.SCALE_0.value, lw=0))
        for place, width in enumerate(layers):
            colour = Colour.DECODED if place == middle else Colour.OURS
            ends = place in (0, len(layers) - 1)
            bar = Rectangle((place - _WIDTH / 2, -width / 2), _WIDTH, width,
                            color=(Colour.PLAIN if ends else colour).value, lw=0)  # fmt: skip
            axes.add_patch(bar)
            picture.tell(bar, f"{width:,} wide")
            axes.text(place, width / 2 + most / 40, f"{width:,}", ha="center", size=9)
        names = {0: "inputs", middle: "latents", len(layers) - 1: "outputs"}
        for place, name in names.items():
            axes.text(place, -most / 2 - most / 40, name, ha="center", va="top", size=9,
                      color=Colour.MUTED.value)  # fmt: skip
        axes.set_xlim(-0.6, len(layers) - 0.4)
        axes.set_ylim(-most * 0.62, most * 0.62)
        no_frame(axes)
    return picture.svg
