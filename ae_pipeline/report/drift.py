"""Drift, partition by partition."""

from __future__ import annotations

from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.drift import DriftReport, PartitionDrift

_HEADINGS = ("partition", "rows", "bytes/row", "growth", "shift", "column", "verdict", "codec")
_NOTE = (
    "rows: sampled. growth: bytes per row over what the fit promised. shift: population stability "
    "index of the column that shifted most, less what chance explains; about 0.1 is small, 0.25 "
    "large. shifted: other values; grown: more bytes than drift.growth allows. codec: the one for "
    "new fragments."
)


@presents(DriftReport)
class DriftPresenter(Presenter[DriftReport]):
    """Drift of every partition that has new fragments."""

    def tables(self) -> list[Table]:
        """One row per partition."""
        return [drift_table(self.result)]


def drift_table(report: DriftReport) -> Table:
    """Bytes per row and the column that shifted most, for every partition with new fragments."""
    changed = f"; from now on in use: codec {report.new_codec_id}" if report.new_codec_id else ""
    return Table(
        title=f"Drift from codec {report.codec_id}{changed}",
        headings=_HEADINGS,
        rows=tuple(
            (
                one.partition,
                one.n_rows,
                one.bytes_per_row,
                one.growth,
                one.shift,
                one.worst_column,
                _verdict(one),
                one.codec_id[:8],
            )
            for one in report.partitions
        ),
        note=_NOTE,
    )


def _verdict(one: PartitionDrift) -> str:
    claims = (("grown", one.is_grown), ("shifted", one.is_shifted))
    return ", ".join(word for word, holds in claims if holds) or "ok"
