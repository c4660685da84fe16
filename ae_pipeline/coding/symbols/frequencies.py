"""Frequency codes → weights of symbols: integers alone, so every machine has the same ones.

A code is a byte: 0 for a symbol that the sample never had, otherwise one more than the logarithm of
its frequency in quarters of a bit.
"""

from __future__ import annotations

import numpy as np
from constriction import stream
from jaxtyping import Float64, Int64, UInt8

#: Weights and what every symbol has beside its own add up to 2 to this.
PRECISION = 24
#: Frequencies of codes 1 to 4, `2 ** (k / 4)` in units of 1/1024; four codes on, they double.
_FIRST_FREQUENCIES = (1024, 1218, 1448, 1722)
#: The largest code; a frequency 2^24 times another is as much as weights can say.
MOST_CODE = 97
#: Frequency of each code.
FREQUENCIES: Int64[np.ndarray, "codes"] = np.array(
    [0, *(_FIRST_FREQUENCIES[k % 4] << (k // 4) for k in range(MOST_CODE))], np.int64
)


def counts_to_codes(counts: Float64[np.ndarray, "*symbols"]) -> UInt8[np.ndarray, "*symbols"]:
    """Return the frequency codes of counts, which may be estimates; those of 0 are 0."""
    most = FREQUENCIES[-1] / FREQUENCIES[1]
    largest = counts.max(initial=0.0)
    scaled = counts * (most / largest) if largest > most else counts
    steps = 1 + np.rint(4 * np.log2(np.maximum(scaled, 1)))
    codes: UInt8[np.ndarray, "*symbols"] = np.where(counts > 0, steps, 0).astype(np.uint8)
    return codes


def symbol_weights(codes: UInt8[np.ndarray, "symbols"]) -> Int64[np.ndarray, "symbols"]:
    """Return weights in proportion to the frequencies; with 1 more each they add up to 2^24.

    Raises:
        ValueError: no symbol has a frequency, a code is too large, or there are too many symbols.
    """
    if len(codes) >> (PRECISION - 1) or not len(codes):
        raise ValueError(f"a table of {len(codes)} frequencies")
    if codes.max() > MOST_CODE:
        raise ValueError(f"frequency code {codes.max()} is above {MOST_CODE}")
    frequencies = FREQUENCIES[codes]
    if not (total := int(frequencies.sum())):
        raise ValueError("a table without a frequency")
    whole = (1 << PRECISION) - len(codes)
    weights = frequencies * whole // total
    weights[np.argmax(frequencies)] += whole - int(weights.sum())
    return weights


def symbol_model(codes: UInt8[np.ndarray, "symbols"]) -> stream.model.Categorical:
    """Return the model of two symbols or more with these codes; ValueError as `symbol_weights`."""
    # The coder scales weights by `(2^24 - n) / sum`, which is 1, and adds 1 to each: sums of
    # integers below 2^53, so the floats that it computes with are exact.
    return stream.model.Categorical(symbol_weights(codes).astype(np.float64), perfect=False)
