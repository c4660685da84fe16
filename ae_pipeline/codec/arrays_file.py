"""Weights as bytes: entropy-coded arrays one after the other, their shapes known to the reader."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias  # Any: dtypes known at run time only

import numpy as np
from jaxtyping import Shaped

from ae_pipeline.coding import (
    Reader,
    pack_integers,
    pack_numbers,
    unpack_integers,
    unpack_numbers,
    varint,
)

Arrays: TypeAlias = dict[str, Shaped[np.ndarray, "..."]]
#: dtype and shape of each array, in the order of the file.
Layout: TypeAlias = Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]]

#: Weights of one file: a few bytes can stand for any number of equal ones.
MOST_WEIGHTS = 1 << 25


def pack_arrays(arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> bytes:
    """Each array as a varint length and an integer or number stream of its values."""
    content = b""
    for array in arrays.values():
        flat = np.ascontiguousarray(array).ravel()
        is_integer = flat.dtype.kind == "i"
        stream = pack_integers(flat.astype(np.int64)) if is_integer else pack_numbers(flat)
        content += varint(len(stream)) + stream
    return content


def unpack_arrays(content: bytes, layout: Layout) -> Arrays:
    """Inverse of `pack_arrays`.

    Raises:
        ValueError: the content does not hold arrays of this layout.
    """
    n_weights = sum(math.prod(shape) for _, shape in layout.values())
    if n_weights > MOST_WEIGHTS:
        raise ValueError(f"{n_weights} weights in one file, at most {MOST_WEIGHTS}")
    reader = Reader(content)
    arrays = {}
    for name, (kind, shape) in layout.items():
        flat = _unpack(reader.take(reader.varint()), math.prod(shape), kind)
        arrays[name] = flat.reshape(shape)
    if not reader.is_at_end:
        raise ValueError("bytes that no array owns")
    return arrays


def _unpack(stream: bytes, size: int, kind: np.dtype[Any]) -> Shaped[np.ndarray, "values"]:
    if kind.kind != "i":
        return unpack_numbers(stream, size, kind)
    integers = unpack_integers(stream, size)
    narrow = integers.astype(kind)
    if (narrow != integers).any():
        raise ValueError(f"weights do not fit {kind}")
    return narrow
