"""How far new data has moved from the data its codec was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ae_pipeline.config.upkeep import DriftAction
from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class PartitionDrift:
    """Drift of one partition, measured on a sample.

    Args:
        partition: path of its folder below the root.
        codec_id: codec for its new fragments.
        n_rows: rows in the sample.
        bytes_per_row: payload under the codec in use, before any refit.
        expected: payload per row that the fit promised; None if unknown.
        worst_column: column that shifted most; empty if the deciles of fit time are unknown.
        shift: population stability index of that column, less what chance explains.
        is_shifted: the distribution of a column has changed.
        is_grown: rows take more bytes than the settings accept.
        shifts: index of each feature column, by name; empty if the deciles are unknown.
    """

    partition: str
    codec_id: str
    n_rows: int
    bytes_per_row: float
    expected: float | None
    worst_column: str
    shift: float
    is_shifted: bool
    is_grown: bool
    shifts: Mapping[str, float] = field(default_factory=dict)

    @property
    def growth(self) -> float | None:
        """Bytes per row over those the fit promised; None if unknown."""
        return None if not self.expected else self.bytes_per_row / self.expected


@dataclass(frozen=True, repr=False)
class DriftReport(Result):
    """Drift of every partition that has new fragments.

    Args:
        codec_id: codec in use, the one drift is measured against first.
        action: the settings' response to growth.
        partitions: in order.
        new_codec_id: codec in use from now on; None if it stays the same.
    """

    codec_id: str
    action: DriftAction
    partitions: tuple[PartitionDrift, ...] = field(default=())
    new_codec_id: str | None = None

    @property
    def is_shifted(self) -> bool:
        """Whether the distribution of any column has changed."""
        return any(one.is_shifted for one in self.partitions)

    @property
    def is_drifted(self) -> bool:
        """Whether the rows of any partition take more bytes than the settings accept."""
        return any(one.is_grown for one in self.partitions)


@dataclass(frozen=True)
class DriftRecord:
    """Drift as it was measured last, and what it was judged by.

    Args:
        report: the drift.
        shift: index beyond which a column is shifted.
        growth: multiple of the promised bytes per row beyond which a partition has grown.
        measured: when.
    """

    report: DriftReport
    shift: float
    growth: float
    measured: datetime
