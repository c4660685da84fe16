"""How far new data is from what the codec was fitted to."""

from __future__ import annotations

from dataclasses import dataclass, field

from ae_pipeline.config.upkeep import DriftAction


@dataclass(frozen=True)
class PartitionDrift:
    """A sample of one partition.

    Args:
        partition: its folders.
        codec_id: codec that its new fragments get.
        n_rows: that were looked at.
        bytes_per_row: payload that the codec makes of them, before a new one is made for them.
        expected: payload per row that the fit promised; None if it is not known.
        worst_column: the one that shifted most; empty if fit-time deciles are not known.
        shift: its population stability index, less chance.
        is_shifted: a column's distribution is another one.
        is_grown: rows take more bytes than the settings accept.
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

    @property
    def growth(self) -> float | None:
        """Bytes per row over what was promised."""
        return None if not self.expected else self.bytes_per_row / self.expected


@dataclass(frozen=True)
class DriftReport:
    """All partitions with something new in them.

    Args:
        codec_id: codec in use, which they were held against first.
        action: what the settings want done about growth.
        partitions: in order.
        new_codec_id: codec in use from now on; None if it stays.
    """

    codec_id: str
    action: DriftAction
    partitions: tuple[PartitionDrift, ...] = field(default=())
    new_codec_id: str | None = None

    @property
    def is_shifted(self) -> bool:
        """Whether any distribution is another one."""
        return any(one.is_shifted for one in self.partitions)

    @property
    def is_drifted(self) -> bool:
        """Whether rows of any partition take more bytes than the settings accept."""
        return any(one.is_grown for one in self.partitions)
