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
from jaxtyping import Float64, Int64

from ae_pipeline.codec.varint import Reader, varint
from ae_pipeline.entropy import pack_integers, unpack_integers

#: A reader refuses more.
MOST_THRESHOLDS = 255
#: Quantiles that thresholds are chosen from.
_QUANTILES = 16
#: Values that are counted, evenly spread, to choose them.
_COUNTED = 1 << 14
#: Values are counted in at most so many bins; finer ones differ in bits that no class saves.
_MOST_BINS = 1024
#: Bytes of a class of one value, and of any other beside what its entropy and each bin take.
_CONSTANT_BYTES, _CLASS_BYTES, _BIN_BYTES = 4.0, 18.0, 2.0
#: Bins that pcodec tells apart.
_TOLD_APART = 64.0

Integers = Int64[np.ndarray, "values"]
Counts = Float64[np.ndarray, "bins"]


def pack_classes(values: Integers, hints: Integers) -> bytes | None:
    """Values as bytes that their hints unpack, or None if one class is all that pays.

    The number of thresholds, the first one and the steps to the next, the lengths of the classes'
    streams, all as varints (the first threshold zigzag), then the streams.
    """
    thresholds = _thresholds(values, hints)
    if not len(thresholds):
        return None
    order, sizes = _sorted(thresholds, hints)
    streams = [pack_integers(part) for part in np.split(values[order], np.cumsum(sizes[:-1]))]
    first = int(thresholds[0])
    header = varint(len(thresholds)) + varint(2 * first if first >= 0 else -2 * first - 1)
    header += b"".join(varint(step) for step in np.diff(thresholds).tolist())
    header += b"".join(varint(len(stream)) for stream in streams)
    return header + b"".join(streams)


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


def _sorted(
    thresholds: Int64[np.ndarray, "thresholds"], hints: Integers
) -> tuple[Integers, list[int]]:
    """Rows by class, each class in the order of its rows, and how many rows each has."""
    places = np.zeros(len(hints), np.uint8)
    for threshold in thresholds:
        places += hints > threshold
    sizes = np.bincount(places, minlength=len(thresholds) + 1)
    return np.argsort(places, kind="stable"), sizes.tolist()


def _thresholds(values: Integers, hints: Integers) -> Int64[np.ndarray, "thresholds"]:
    """Largest hint of each class but the last."""
    step = max(1, -(-len(hints) // _COUNTED))
    values, hints = values[::step], hints[::step]
    if not len(hints):
        return np.zeros(0, np.int64)
    places = [len(hints) * part // _QUANTILES for part in range(1, _QUANTILES)]
    # The class beyond the largest hint would be empty.
    thresholds = np.setdiff1d(np.partition(hints, places)[places], hints.max())
    if not len(thresholds):
        return thresholds
    counts = _counts(values, np.searchsorted(thresholds, hints), len(thresholds) + 1)
    return thresholds[_merged(list(step * counts))]


def _counts(
    values: Integers, places: Integers, n_classes: int
) -> Float64[np.ndarray, "classes bins"]:
    low, high = int(values.min()), int(values.max())
    shift = max(0, (high - low).bit_length() - (_MOST_BINS - 1).bit_length())
    bins = (values - low) >> shift
    n_bins = ((high - low) >> shift) + 1
    counts = np.bincount(places * n_bins + bins, minlength=n_classes * n_bins)
    return counts.reshape(n_classes, n_bins).astype(np.float64)


def _merged(counts: list[Counts]) -> list[int]:
    """Numbers of the thresholds that are left once merging more classes saves nothing."""
    left = list(range(len(counts) - 1))
    bytes_of = [_bytes(one) for one in counts]
    together = [_bytes(counts[n] + counts[n + 1]) for n in left]
    while left:
        growth = [both - bytes_of[n] - bytes_of[n + 1] for n, both in enumerate(together)]
        best = int(np.argmin(growth))
        if growth[best] > 0:
            break
        counts[best : best + 2] = [counts[best] + counts[best + 1]]
        bytes_of[best : best + 2] = [together[best]]
        del left[best], together[best]
        for n in range(max(best - 1, 0), min(best + 1, len(left))):
            together[n] = _bytes(counts[n] + counts[n + 1])
    return left


def _bytes(counts: Counts) -> float:
    """About what pcodec takes for values counted like this."""
    seen = counts[counts > 0]
    if len(seen) < 2:
        return _CONSTANT_BYTES * len(seen)
    entropy = float((seen * np.log2(seen.sum() / seen)).sum())
    return entropy / 8 + _CLASS_BYTES + _BIN_BYTES * min(len(seen), _TOLD_APART)
