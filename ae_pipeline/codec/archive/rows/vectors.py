"""Vector columns of a block: what their lanes have in common ↔ streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Int64, Shaped

from ae_pipeline.codec.archive.column import Present
from ae_pipeline.coding import (
    Quantizer,
    Reader,
    VectorStreams,
    dequantize,
    keeps_cosine,
    pack_numbers,
    pack_positions,
    pack_validity,
    prefixed,
    quantize,
    unpack_numbers,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.columns import Vectors


@dataclass(frozen=True)
class VectorPart:
    """A vector column of a block, ready to be stored.

    Args:
        own: what the lanes have in common, without the streams that they may share.
        lanes: values of each lane, without null vectors and those that are stored exactly.
    """

    own: VectorStreams
    lanes: tuple[Present, ...]


def split_vectors(vectors: Vectors, quantizer: Quantizer) -> VectorPart:
    """Set apart null vectors, and those whose cosine would not be what is promised."""
    is_valid = vectors.is_valid
    validity = pack_validity(is_valid)
    exact = np.zeros(0, np.int64)
    if quantizer.promise.cosine:
        exact = _unlike(vectors, quantizer)
    rows = is_valid.copy()
    rows[np.flatnonzero(is_valid)[exact]] = False
    own = VectorStreams(validity, *_pack_exact(vectors, exact))
    n_lanes = vectors.numbers.shape[1]
    return VectorPart(own, tuple(_lane(vectors, rows, place) for place in range(n_lanes)))


def join_vectors(
    lanes: Sequence[pa.Array], own: VectorStreams, kind: pa.DataType, n_rows: int
) -> pa.Array:
    """Return a vector column from its lanes; ValueError if a stream is damaged."""
    parts = [Vectors.of_lane(lane) for lane in lanes]
    numbers = np.empty((n_rows, len(lanes)), parts[0].numbers.dtype)
    is_number = np.empty(numbers.shape, bool)
    for place, part in enumerate(parts):
        numbers[:, place] = part.numbers[:, 0]
        is_number[:, place] = part.is_valid
    is_valid = unpack_validity(own.validity, n_rows)
    is_number[~is_valid] = True
    if own.positions:
        _restore_exact(numbers, is_number, own, np.flatnonzero(is_valid))
    return Vectors(numbers, is_valid, None if is_number.all() else is_number).to_arrow(kind)


def _unlike(vectors: Vectors, quantizer: Quantizer) -> Int64[np.ndarray, "chosen"]:
    """Return which vectors that are not null lose too much of their direction."""
    numbers = vectors.numbers[vectors.is_valid]
    if vectors.is_number is not None:
        numbers = np.where(vectors.is_number[vectors.is_valid], numbers, numbers.dtype.type(0))
    flat = numbers.reshape(-1)
    cells = quantize(quantizer.to_units(flat), None)
    decoded = dequantize(quantizer.grid, cells, None, flat.dtype)
    decoded = np.where(quantizer.is_broken(flat, decoded), flat, decoded).reshape(numbers.shape)
    is_like = keeps_cosine(numbers, decoded, quantizer.promise.cosine)
    return np.flatnonzero(~(is_like & np.isfinite(numbers).all(axis=1)))


def _pack_exact(vectors: Vectors, exact: Int64[np.ndarray, "chosen"]) -> tuple[bytes, bytes]:
    """Pack the places of vectors among those that are not null, and their numbers."""
    if not len(exact):
        return b"", b""
    rows = np.flatnonzero(vectors.is_valid)[exact]
    numbers = vectors.numbers[rows].reshape(-1)
    is_number = np.ones(len(numbers), bool)
    if vectors.is_number is not None:
        is_number = vectors.is_number[rows].reshape(-1)
    content = prefixed([pack_validity(is_number), pack_numbers(numbers[is_number])])
    return pack_positions(exact), content


def _restore_exact(
    numbers: Shaped[np.ndarray, "rows lanes"],
    is_number: Bool[np.ndarray, "rows lanes"],
    own: VectorStreams,
    present: Int64[np.ndarray, "present"],
) -> None:
    """Put the vectors that were stored exactly back in place."""
    rows = present[unpack_positions(own.positions, len(present))]
    reader = Reader(own.exact)
    shape = len(rows), numbers.shape[1]
    is_own = unpack_validity(reader.take_prefixed(1)[0], shape[0] * shape[1])
    found = np.zeros(len(is_own), numbers.dtype)
    content = reader.take_prefixed(1)[0]
    found[is_own] = unpack_numbers(content, int(is_own.sum()), numbers.dtype)
    numbers[rows], is_number[rows] = found.reshape(shape), is_own.reshape(shape)


def _lane(vectors: Vectors, rows: Bool[np.ndarray, "rows"], place: int) -> Present:
    """Return the values of a lane; only one with nulls of its own has a validity."""
    numbers = vectors.numbers[:, place]
    is_valid, validity = rows, b""
    if vectors.is_number is not None and not vectors.is_number[rows, place].all():
        is_valid = rows & vectors.is_number[:, place]
        validity = pack_validity(is_valid)
    return Present(np.ascontiguousarray(numbers[is_valid]), is_valid, validity)
