"""Context coding of integers: values with different expectations become streams of their own.

A prediction tells more than where a value may lie: where the pixels around are blank a pixel is
blank, where a sensor is busy its neighbour can be anything. So the values of a column are split
into contexts by a context value, the prediction in fractions of a cell, and each context is an
integer stream with statistics of its own. Formats and reports store the word "classed" for this.

Thresholds between contexts start as quantiles of the context values; neighbouring contexts are
merged as long as that lowers the estimated bytes.

Source of the idea: context modelling, as in JPEG-LS (Weinberger, Seroussi and Sapiro 2000, "The
LOCO-I Lossless Image Compression Algorithm").
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from ae_pipeline.coding.entropy import pack_each, unpack_each
from ae_pipeline.coding.varint import Reader, varints
from ae_pipeline.compiled import doing_without, ran

#: A reader refuses more.
MOST_THRESHOLDS = 255
#: Thresholds start as this many quantiles.
_QUANTILES = 16
#: Values, evenly spread, that are counted to choose thresholds and that quantiles are taken from.
_COUNTED, _RANKED = 1 << 14, 1 << 10
#: Share of the bytes that contexts must save to be worth their time.
_LEAST_SAVING = 0.01
#: Values are counted in at most this many bins; finer ones differ in bits that no context saves.
_MOST_BINS = 1024
#: Bytes of a context of one value, and of any other beside its entropy and what each bin takes.
_CONSTANT_BYTES, _CONTEXT_BYTES, _BIN_BYTES = 4.0, 18.0, 2.0
#: Streams below this gain nothing from contexts.
_LEAST_BYTES = 40
#: Bins that pcodec tells apart.
_TOLD_APART = 64.0

Integers = Int64[np.ndarray, "values"]
Places = UInt8[np.ndarray, "values"]
Sizes = Int64[np.ndarray, "contexts"]


def pack_contexts(
    values: Integers, context_values: Integers, most_bytes: int, *, is_quick: bool = False
) -> bytes | None:
    """Pack values by context, or return None if that does not take fewer than `most_bytes`.

    Args:
        values: to be packed.
        context_values: of each value; the reader must have the same ones.
        most_bytes: what the values take without contexts.
        is_quick: pack each context as `pack_each` does quickly.
    """
    if most_bytes < _LEAST_BYTES or not len(values):
        return None
    thresholds = _thresholds(values, context_values, most_bytes)
    if not len(thresholds):
        return None
    places, sizes = _placed(thresholds, context_values)
    streams = pack_each(
        np.split(_sorted(places, sizes, values), np.cumsum(sizes[:-1])), is_quick=is_quick
    )
    content = _header(thresholds, streams) + b"".join(streams)
    return content if len(content) < most_bytes else None


def unpack_contexts(content: bytes, context_values: Integers) -> Integers:
    """Invert `pack_contexts`.

    Raises:
        ValueError: the stream does not hold one value for each context value.
    """
    reader = Reader(content)
    n_thresholds = reader.varint()
    if not 0 < n_thresholds <= MOST_THRESHOLDS:
        raise ValueError(f"{n_thresholds} thresholds between contexts")
    first, *numbers = reader.varints(2 * n_thresholds + 1)
    steps, lengths = numbers[: n_thresholds - 1], numbers[n_thresholds - 1 :]
    start = first // 2 if first % 2 == 0 else -(first + 1) // 2
    places, sizes = _placed(np.cumsum([start, *steps]), context_values)
    streams = reader.take_all(lengths)
    if not reader.is_at_end:
        raise ValueError("contexts have bytes that no stream owns")
    kinds = [np.dtype(np.int64)] * len(sizes)
    return _spread(places, sizes, np.concatenate(unpack_each(streams, sizes.tolist(), kinds)))


def _header(thresholds: Int64[np.ndarray, "thresholds"], streams: list[bytes]) -> bytes:
    """Encode the number of thresholds, the first (zigzag), the steps between them, and lengths."""
    first = int(thresholds[0])
    numbers = [len(thresholds), 2 * first if first >= 0 else -2 * first - 1]
    numbers += [*np.diff(thresholds).tolist(), *map(len, streams)]
    return varints(numbers)


def _placed(
    thresholds: Int64[np.ndarray, "thresholds"], context_values: Integers
) -> tuple[Places, Sizes]:
    """Return the context of each value, and the number of values of each context."""
    places = np.empty(len(context_values), np.uint8)
    sizes = np.empty(len(thresholds) + 1, np.int64)
    given = thresholds, np.ascontiguousarray(context_values)
    if ran("contexts.place_values", *given, places, sizes):
        return places, sizes
    with doing_without():
        places = _places(thresholds, context_values)
        return places, np.bincount(places, minlength=len(sizes))


def _sorted(places: Places, sizes: Sizes, values: Integers) -> Integers:
    """Return the values by context, each context in row order."""
    found = np.empty(len(values), np.int64)
    if ran("contexts.sort_by_place", places, sizes, np.ascontiguousarray(values), found):
        return found
    with doing_without():
        return values[np.argsort(places, kind="stable")]


def _spread(places: Places, sizes: Sizes, values: Integers) -> Integers:
    """Invert `_sorted`."""
    found = np.empty(len(values), np.int64)
    if not ran("contexts.spread_by_place", places, sizes, values, found):
        with doing_without():
            found[np.argsort(places, kind="stable")] = values
    return found


def _thresholds(
    values: Integers, context_values: Integers, most_bytes: int
) -> Int64[np.ndarray, "thresholds"]:
    """Return the largest context value of each context but the last; none if it does not pay."""
    step = max(1, -(-len(context_values) // _COUNTED))
    values, context_values = values[::step], context_values[::step]
    ranked = np.sort(context_values[:: max(1, len(context_values) // _RANKED)])
    quantiles = ranked[[len(ranked) * part // _QUANTILES for part in range(1, _QUANTILES)]]
    # The context beyond the largest value would be empty.
    thresholds = np.unique(quantiles[quantiles < context_values.max()])
    places, sizes = _placed(thresholds, context_values)
    counts = step * _counts(values, places, len(sizes))
    told = _information(counts.sum(axis=0)[None]) - _information(counts)
    if told < _LEAST_SAVING * most_bytes:
        return thresholds[:0]
    return thresholds[_merged(counts)]


def _places(thresholds: Int64[np.ndarray, "thresholds"], context_values: Integers) -> Places:
    """Return the context of each context value: how many thresholds are smaller."""
    places = np.zeros(len(context_values), np.uint8)
    for threshold in thresholds:
        places += context_values > threshold
    return places


def _counts(
    values: Integers, places: Places, n_contexts: int
) -> Float64[np.ndarray, "contexts bins"]:
    low, high = int(values.min()), int(values.max())
    shift = max(0, (high - low).bit_length() - (_MOST_BINS - 1).bit_length())
    bins = (values - low) >> shift
    n_bins = ((high - low) >> shift) + 1
    counts = np.bincount(places.astype(np.int64) * n_bins + bins, minlength=n_contexts * n_bins)
    return counts.reshape(n_contexts, n_bins).astype(np.float64)


def _merged(counts: Float64[np.ndarray, "contexts bins"]) -> list[int]:
    """Return the thresholds, by number, that are left once no merger of contexts saves bytes."""
    left = list(range(len(counts) - 1))
    contexts, bytes_of = list(counts), _bytes(counts)
    together = _bytes(counts[:-1] + counts[1:])
    while left:
        growth = [both - bytes_of[n] - bytes_of[n + 1] for n, both in enumerate(together)]
        best = min(range(len(growth)), key=growth.__getitem__)
        if growth[best] > 0:
            break
        contexts[best : best + 2] = [contexts[best] + contexts[best + 1]]
        bytes_of[best : best + 2] = [together[best]]
        del left[best], together[best]
        changed = range(max(best - 1, 0), min(best + 1, len(left)))
        if changed:
            pairs = np.array([contexts[n] + contexts[n + 1] for n in changed])
            together[changed.start : changed.stop] = _bytes(pairs)
    return left


def _bytes(counts: Float64[np.ndarray, "contexts bins"]) -> list[float]:
    """Estimate what pcodec takes for the values of each context."""
    n_seen = (counts > 0).sum(axis=1)
    varied = _entropy(counts) + _CONTEXT_BYTES + _BIN_BYTES * np.minimum(n_seen, _TOLD_APART)
    found: list[float] = np.where(n_seen > 1, varied, _CONSTANT_BYTES * n_seen).tolist()
    return found


def _information(counts: Float64[np.ndarray, "contexts bins"]) -> float:
    return float(_entropy(counts).sum())


def _entropy(counts: Float64[np.ndarray, "contexts bins"]) -> Float64[np.ndarray, "contexts"]:
    """Return the entropy of each context in bytes."""
    return (_weighted(counts.sum(axis=1)) - _weighted(counts).sum(axis=1)) / 8


def _weighted(counts: Float64[np.ndarray, "*sizes"]) -> Float64[np.ndarray, "*sizes"]:
    return counts * np.log2(np.maximum(counts, 1.0))
