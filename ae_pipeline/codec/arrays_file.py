"""Weights as bytes: entropy-coded arrays one after the other; readers know their shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias  # Any: dtypes known at run time only

import numpy as np
from jaxtyping import Shaped

from ae_pipeline.coding import Reader, pack_each, prefixed, unpack_each

Arrays: TypeAlias = dict[str, Shaped[np.ndarray, "..."]]
#: dtype and shape of each array, in the order of the file.
Layout: TypeAlias = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

#: Weights of one file at most: a few bytes can stand for any number of equal ones.
MOST_WEIGHTS = 1 << 25


def pack_arrays(arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> bytes:
    """Pack each array as a varint length and an integer or number stream of its values."""
    flat = [np.ascontiguousarray(array).ravel() for array in arrays.values()]
    return prefixed(pack_each(flat))


def unpack_arrays(content: bytes, layout: Layout) -> Arrays:
    """Invert `pack_arrays`.

    Raises:
        ValueError: the content does not hold arrays of this layout.
    """
    kinds = [kind for kind, _ in layout.values()]
    shapes = [shape for _, shape in layout.values()]
    sizes = list(map(math.prod, shapes))
    if sum(sizes) > MOST_WEIGHTS:
        raise ValueError(f"{sum(sizes)} weights in one file, at most {MOST_WEIGHTS}")
    reader = Reader(content)
    streams = reader.take_prefixed(len(layout))
    if not reader.is_at_end:
        raise ValueError("bytes that no array owns")
    flat = unpack_each(streams, sizes, kinds)
    return {
        name: values.reshape(shape)
        for name, values, shape in zip(layout, flat, shapes, strict=True)
    }
