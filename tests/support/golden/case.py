"""The parts of a golden case, from formulas: nothing is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import (
    Quantizer,
)
from ae_pipeline.results.fit import TrainingSummary

PROVENANCE = Provenance("a formula", "0" * 32, 0, TrainingSummary(0, 0, "by hand", 0, 0.0, 0.0))


@dataclass(frozen=True)
class Golden:
    """The parts of a case.

    Args:
        codec: set by hand.
        tables: source fragments by relative path.
        block_rows: rows of a full block; small, so that a fragment has several.
    """

    codec: ArchiveCodec | FeaturesCodec
    tables: dict[str, pa.Table]
    block_rows: int = 1 << 17


def integers(seed: int, count: int, below: int) -> np.ndarray:
    """Numbers that look random: the upper bits of a linear congruential sequence."""
    state, found = seed, []
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        found.append((state >> 33) % below)
    return np.array(found, np.int64)


def linear_quantizers(
    offsets: Iterable[float], tolerances: Iterable[float]
) -> tuple[Quantizer, ...]:
    """Equal cells of each column; none of those that are exact."""
    pairs = zip(offsets, tolerances, strict=True)
    return tuple(Quantizer.linear(float(offset), float(bound)) for offset, bound in pairs)
