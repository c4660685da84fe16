"""Drift as people read it: partition by partition, in words."""

from __future__ import annotations

from ae_pipeline.report.table import Table
from ae_pipeline.results.drift import DriftReport, PartitionDrift


def drift_table(report: DriftReport) -> Table:
    """Bytes per row and the column that shifted most, of every partition with something new."""
    changed = f"; from now on in use: codec {report.new_codec_id}" if report.new_codec_id else ""
    return Table(
        title=f"Drift from codec {report.codec_id}{changed}",
        headings=(
            "partition",
            "rows",
            "bytes/row",
            "growth",
            "shift",
            "column",
            "verdict",
            "codec",
        ),
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
        note="rows: looked at. growth: bytes per row over what the fit promised. shift: population "
        "stability index of the column that shifted most, less what chance explains; about 0.1 is "
        "small, 0.25 much. shifted: other values; grown: more bytes than drift.growth allows. "
        "codec: that new fragments get.",
    )


def _verdict(one: PartitionDrift) -> str:
    words = [
        word for word, holds in (("grown", one.is_grown), ("shifted", one.is_shifted)) if holds
    ]
    return ", ".join(words) or "ok"
