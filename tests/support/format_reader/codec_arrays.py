"""Arrays of a codec's network and linear predictor."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.format_reader.streams import Bytes, read_integers, read_numbers


def read_arrays(folder: Path, codec: dict, name: str) -> dict[str, np.ndarray]:
    """Arrays by name; none if the codec has no such part."""
    network, f = codec["network"], len(codec["features"])
    if name == "predictor" and codec["predictor"]:
        t = codec["predictor"]["n_terms"]
        shapes = {"order": f, "follows": f, "counts": f, "sources": t, "weights": t}
        shapes |= {"shifts": f, "biases": f}
    elif name == "decoder" and network:
        k, (h,) = network["architecture"]["latent_dim"], network["architecture"]["decoder_hidden"]
        outputs = network["architecture"]["n_inputs"]
        shapes = {"hidden_weights": (k, h), "hidden_shift": h, "hidden_bias": h}
        shapes |= {"output_weights": (h, outputs), "output_shift": outputs}
        shapes |= {"skip_weights": (k, outputs), "skip_shift": outputs, "output_bias": outputs}
    else:
        return {}
    content, arrays = Bytes((folder / f"{name}.bin").read_bytes()), {}
    for array, shape in shapes.items():
        stream, n = content.take(content.varint()), int(np.prod(shape))
        is_float = array.endswith("_bias")
        flat = read_numbers(stream, n, np.dtype("<f4")) if is_float else read_integers(stream, n)
        arrays[array] = flat.reshape(shape)
    return arrays
