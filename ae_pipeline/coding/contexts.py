"""Integers in classes: rows of which a hint says other things are coded apart.

A prediction tells more than where a value may lie: where pixels around are blank a pixel is blank,
where a sensor is busy its neighbour is anything. So rows are sorted into classes by the hint, and
each class is an integer stream of its own, with statistics of its own.

Thresholds between classes start as quantiles of the hint; neighbouring classes are merged as long
as that makes the estimated bytes fewer.

Source of the idea: context modelling, as in JPEG-LS (Weinberger, Seroussi and Sapiro 2000, "The
LOCO-I Lossless Image Compression Algorithm").
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, varint

#: A reader refuses more.
MOST_THRESHOLDS = 255
#: Quantiles that thresholds are chosen from.
_QUANTILES = 16
#: Values that are counted, evenly spread, to choose them, and that quantiles are taken of.
_COUNTED, _RANKED = 1 << 14, 1 << 10
#: Share of the bytes that classes should save, or they are not worth the time.
_LEAST_SAVING = 0.01
#: Values are counted in at most so many bins; finer ones differ in bits that no class saves.
_MOST_BINS = 1024
#: Bytes of a class of one value, and of any other beside what its entropy and each bin take.
_CONSTANT_BYTES, _CLASS_BYTES, _BIN_BYTES = 4.0, 18.0, 2.0
#: What is smaller than this has nothing to gain from classes.
_LEAST_BYTES = 40
#: Bins that pcodec tells apart.
_TOLD_APART = 64.0

Integers = Int64[np.ndarray, "values"]


def pack_classes(values: Integers, hints: Integers, most_bytes: int) -> bytes | None:
    """Values as bytes that their hints unpack, or None if they would be so many bytes or more."""
    if most_bytes < _LEAST_BYTES or not len(values):
        return None
    thresholds = _thresholds(values, hints, most_bytes)
    if not len(thresholds):
        return None
    order, sizes = _sorted(thresholds, hints)
    streams = [pack_integers(part) for part in np.split(values[order], np.cumsum(sizes[:-1]))]
    content = _header(thresholds, streams) + b"".join(streams)
    return content if len(content) < most_bytes else None


def unpack_classes(content: bytes, hints: Integers) -> Integers:
    """Inverse of `pack_classes`.

    Raises:
        ValueError: not a stream of as many values as there are hints.
    """
    reader = Reader(content)
    n_thresholds = reader.varint()
    if not 0 < n_thresholds <= MOST_THRESHOLDS:
        raise ValueError(f"{n_thresholds} thresholds between classes")
    first = reader.varint()
    steps = [reader.varint() for _ in range(n_thresholds - 1)]
    lengths = [reader.varint() for _ in range(n_thresholds + 1)]
    start = first // 2 if first % 2 == 0 else -(first + 1) // 2
    order, sizes = _sorted(np.cumsum([start, *steps]), hints)
    parts = [
        unpack_integers(reader.take(length), size)
        for length, size in zip(lengths, sizes, strict=True)
    ]
    if not reader.is_at_end:
        raise ValueError("classes have bytes that no stream owns")
    values = np.empty(len(hints), np.int64)
    values[order] = np.concatenate(parts)
    return values


def _header(thresholds: Int64[np.ndarray, "thresholds"], streams: list[bytes]) -> bytes:
    """How many thresholds, the first one (zigzag), steps to the next, and lengths of streams."""
    first = int(thresholds[0])
    numbers = [len(thresholds), 2 * first if first >= 0 else -2 * first - 1]
    numbers += [*np.diff(thresholds).tolist(), *map(len, streams)]
    return b"".join(map(varint, numbers))


def _sorted(
    thresholds: Int64[np.ndarray, "thresholds"], hints: Integers
) -> tuple[Integers, list[int]]:
    """Rows by class, each class in the order of its rows, and how many rows each has."""
    places = _places(thresholds, hints)
    sizes = np.bincount(places, minlength=len(thresholds) + 1)
    return np.argsort(places, kind="stable"), sizes.tolist()


def _thresholds(
    values: Integers, hints: Integers, most_bytes: int
) -> Int64[np.ndarray, "thresholds"]:
    """Largest hint of each class but the last; none if classes would save next to nothing."""
    step = max(1, -(-len(hints) // _COUNTED))
    values, hints = values[::step], hints[::step]
    ranked = np.sort(hints[:: max(1, len(hints) // _RANKED)])
    quantiles = ranked[[len(ranked) * part // _QUANTILES for part in range(1, _QUANTILES)]]
    # The class beyond the largest hint would be empty.
    thresholds = np.unique(quantiles[quantiles < hints.max()])
    counts = step * _counts(values, _places(thresholds, hints), len(thresholds) + 1)
    told = _information(counts.sum(axis=0)[None]) - _information(counts)
    if told < _LEAST_SAVING * most_bytes:
        return thresholds[:0]
    return thresholds[_merged(counts)]


def _places(
    thresholds: Int64[np.ndarray, "thresholds"], hints: Integers
) -> UInt8[np.ndarray, "values"]:
    """The class of each hint: how many thresholds are smaller."""
    places = np.zeros(len(hints), np.uint8)
    for threshold in thresholds:
        places += hints > threshold
    return places


def _counts(
    values: Integers, places: UInt8[np.ndarray, "values"], n_classes: int
) -> Float64[np.ndarray, "classes bins"]:
    low, high = int(values.min()), int(values.max())
    shift = max(0, (high - low).bit_length() - (_MOST_BINS - 1).bit_length())
    bins = (values - low) >> shift
    n_bins = ((high - low) >> shift) + 1
    counts = np.bincount(places.astype(np.int64) * n_bins + bins, minlength=n_classes * n_bins)
    return counts.reshape(n_classes, n_bins).astype(np.float64)


def _merged(counts: Float64[np.ndarray, "classes bins"]) -> list[int]:
    """Numbers of the thresholds that are left once merging more classes saves nothing."""
    left = list(range(len(counts) - 1))
    classes, bytes_of = list(counts), _bytes(counts)
    together = _bytes(counts[:-1] + counts[1:])
    while left:
        growth = [both - bytes_of[n] - bytes_of[n + 1] for n, both in enumerate(together)]
        best = min(range(len(growth)), key=growth.__getitem__)
        if growth[best] > 0:
            break
        classes[best : best + 2] = [classes[best] + classes[best + 1]]
        bytes_of[best : best + 2] = [together[best]]
        del left[best], together[best]
        for n in range(max(best - 1, 0), min(best + 1, len(left))):
            together[n] = _bytes((classes[n] + classes[n + 1])[None])[0]
    return left


def _bytes(counts: Float64[np.ndarray, "classes bins"]) -> list[float]:
    """About what pcodec takes for the values of each class."""
    n_seen = (counts > 0).sum(axis=1)
    varied = _entropy(counts) + _CLASS_BYTES + _BIN_BYTES * np.minimum(n_seen, _TOLD_APART)
    found: list[float] = np.where(n_seen > 1, varied, _CONSTANT_BYTES * n_seen).tolist()
    return found


def _information(counts: Float64[np.ndarray, "classes bins"]) -> float:
    return float(_entropy(counts).sum())


def _entropy(counts: Float64[np.ndarray, "classes bins"]) -> Float64[np.ndarray, "classes"]:
    """Bytes of each class."""
    return (_weighted(counts.sum(axis=1)) - _weighted(counts).sum(axis=1)) / 8


def _weighted(counts: Float64[np.ndarray, "*sizes"]) -> Float64[np.ndarray, "*sizes"]:
    return counts * np.log2(np.maximum(counts, 1.0))
