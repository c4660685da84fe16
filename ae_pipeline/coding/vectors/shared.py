"""The integers of many lanes ↔ few streams: a stream per lane would be mostly overhead.

Each lane gives up its *head*, the middle of its integers or the first one of them; heads are a
stream of their own. What is left is coded lane after lane, in one stream for all lanes of about the
same scale.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Float64, Int64

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed

#: Integers that a reader expands; a writer shares far fewer.
MOST_SHARED = 1 << 24
#: Bits of the first byte: rows as steps from the row before, lanes as steps from the lane before.
_STEPS, _ACROSS = 1, 2
#: Lanes of one class differ by at most this factor in scale, as powers of two.
_CLASSES_PER_OCTAVE = 2
_MOST_CLASSES = 64
#: Ways that are packed, those that look best.
_MOST_TRIED = 2

Lanes = Int64[np.ndarray, "lanes rows"]
#: What is left of lanes without their heads; steps have one row fewer.
Rest = Int64[np.ndarray, "lanes _"]


def pack_shared(lanes: Lanes) -> bytes:
    """Pack the integers of lanes, in the fewest bytes of the ways that look best."""
    if not lanes.size:
        return b""
    ways = {kind: _split(lanes, kind) for kind in _kinds(lanes)}
    chosen = sorted(ways, key=lambda kind: _weight(*ways[kind]))[:_MOST_TRIED]
    return min((_packed(kind, *ways[kind]) for kind in chosen), key=len)


def _packed(kind: int, heads: Int64[np.ndarray, "lanes"], rest: Rest) -> bytes:
    """Pack lanes together, or by their scale if that is smaller."""
    whole = _pack(kind, heads, rest, np.zeros(len(heads), np.int64))
    classes = _by_scale(rest)
    return min(whole, _pack(kind, heads, rest, classes), key=len) if classes.max() else whole


def unpack_shared(content: bytes, n_lanes: int, n_rows: int) -> Lanes:
    """Invert `pack_shared`; ValueError if the content is damaged."""
    if n_lanes * n_rows > MOST_SHARED:
        raise ValueError(f"{n_lanes} lanes of {n_rows} rows share a stream")
    if not n_lanes * n_rows:
        if content:
            raise ValueError("integers of no rows")
        return np.zeros((n_lanes, n_rows), np.int64)
    reader = Reader(content)
    kind = reader.byte()
    if kind > (_STEPS | _ACROSS):
        raise ValueError(f"lanes of kind {kind}")
    heads, classes = (unpack_integers(one, n_lanes) for one in reader.take_prefixed(2))
    n_classes = int(classes.max()) + 1
    if classes.min() < 0 or n_classes > _MOST_CLASSES:
        raise ValueError("classes of lanes are out of range")
    rest = np.zeros((n_lanes, n_rows - 1 if kind & _STEPS else n_rows), np.int64)
    for number, stream in enumerate(reader.take_prefixed(n_classes)):
        own = classes == number
        rest[own] = unpack_integers(stream, rest[own].size).reshape(rest[own].shape)
    if not reader.is_at_end:
        raise ValueError("bytes after the streams of all lanes")
    return _join(kind, heads, rest)


def _kinds(lanes: Lanes) -> list[int]:
    """Return the ways that these lanes allow."""
    steps = (0, _STEPS) if lanes.shape[1] > 1 else (0,)
    across = (0, _ACROSS) if len(lanes) > 1 else (0,)
    return [sum(pair) for pair in product(steps, across)]


def _split(lanes: Lanes, kind: int) -> tuple[Int64[np.ndarray, "lanes"], Rest]:
    """Return heads, as steps from lane to lane if those are taken, and the rest."""
    if kind & _STEPS:
        heads, rest = lanes[:, 0], np.diff(lanes, axis=1)
    else:
        heads = np.sort(lanes, axis=1)[:, lanes.shape[1] // 2]
        rest = lanes - heads[:, None]
    if kind & _ACROSS:
        rest = np.diff(rest, axis=0, prepend=np.int64(0))
    return heads, rest


def _join(kind: int, heads: Int64[np.ndarray, "lanes"], rest: Rest) -> Int64[np.ndarray, "lanes _"]:
    """Invert `_split`; sums wrap."""
    if kind & _ACROSS:
        rest = np.cumsum(rest, axis=0)
    if kind & _STEPS:
        return np.cumsum(np.concatenate([heads[:, None], rest], axis=1), axis=1)
    return rest + heads[:, None]


def _weight(heads: Int64[np.ndarray, "lanes"], rest: Rest) -> float:
    """Estimate bits: those of the usual distance from 0, in every lane."""
    return float(np.log2(_scales(rest) + 0.5).sum()) * rest.shape[1] + 6.0 * len(heads)


def _scales(rest: Rest) -> Float64[np.ndarray, "lanes"]:
    if not rest.shape[1]:
        return np.zeros(len(rest))
    scales: Float64[np.ndarray, "lanes"] = np.abs(rest.astype(np.float64)).mean(axis=1)
    return scales


def _by_scale(rest: Rest) -> Int64[np.ndarray, "lanes"]:
    """Return classes of lanes, numbered without gaps."""
    octaves = np.rint(_CLASSES_PER_OCTAVE * np.log2(_scales(rest) + 0.25)).astype(np.int64)
    classes = np.unique(octaves, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return np.minimum(classes, _MOST_CLASSES - 1)


def _pack(
    kind: int,
    heads: Int64[np.ndarray, "lanes"],
    rest: Rest,
    classes: Int64[np.ndarray, "lanes"],
) -> bytes:
    own = (rest[classes == number].reshape(-1) for number in range(int(classes.max()) + 1))
    streams = [pack_integers(heads), pack_integers(classes), *map(pack_integers, own)]
    return bytes([kind]) + prefixed(streams)
