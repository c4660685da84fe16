"""The drift that was measured last, as a file in the archive: for reports, not for decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # Any: JSON trees

from ae_pipeline.config.upkeep import DriftConfig
from ae_pipeline.errors import UnsupportedFormatError
from ae_pipeline.format_version import FORMAT_VERSION, check_version
from ae_pipeline.publish import publish_bytes
from ae_pipeline.results.drift import DriftRecord, DriftReport, PartitionDrift
from ae_pipeline.storage import drift_file
from ae_pipeline.upkeep.drift.measure import warn_of_drift

#: Of a partition, what is not stored: it follows from the shifts.
_DERIVED = {"worst_column", "shift"}


def tell_drift(report: DriftReport, config: DriftConfig, archive: Path) -> None:
    """Record drift, and log a warning for each partition that has drifted; as `write_drift`."""
    write_drift(report, config, archive)
    warn_of_drift(report)


def write_drift(report: DriftReport, config: DriftConfig, archive: Path) -> None:
    """Record the drift of new data; errors as `publish_bytes`.

    Args:
        report: what was measured.
        config: what it was judged by.
        archive: its folder.
    """
    names = list(report.partitions[0].shifts) if report.partitions else []
    tree = {
        "format_version": FORMAT_VERSION,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "codec_id": report.codec_id,
        "new_codec_id": report.new_codec_id,
        **config.model_dump(mode="json"),
        "columns": names,
        "partitions": [_as_tree(one, names) for one in report.partitions],
    }
    publish_bytes(drift_file(archive), json.dumps(tree, separators=(",", ":")).encode())


def read_drift(archive: Path) -> DriftRecord | None:
    """Return the record of an archive; None if there is none that can be read.

    Args:
        archive: its folder.
    """
    try:
        tree = json.loads(drift_file(archive).read_text(encoding="utf-8"))
        check_version("drift", str(tree["format_version"]), str(archive))
        partitions = tuple(_of_tree(one, tree["columns"]) for one in tree["partitions"])
        return DriftRecord(
            DriftReport(tree["codec_id"], tree["action"], partitions, tree["new_codec_id"]),
            float(tree["shift"]),
            float(tree["growth"]),
            datetime.fromisoformat(tree["measured"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, UnsupportedFormatError):
        return None


def _as_tree(one: PartitionDrift, names: Sequence[str]) -> dict[str, Any]:
    tree = {name: value for name, value in asdict(one).items() if name not in _DERIVED}
    return {**tree, "shifts": [float(f"{one.shifts.get(name, 0.0):.4g}") for name in names]}


def _of_tree(tree: dict[str, Any], names: Sequence[str]) -> PartitionDrift:
    shifts = {str(n): float(s) for n, s in zip(names, tree["shifts"], strict=True)}
    worst = max(shifts, key=lambda name: shifts[name], default="")
    expected = tree["expected"]
    return PartitionDrift(
        partition=str(tree["partition"]),
        codec_id=str(tree["codec_id"]),
        n_rows=int(tree["n_rows"]),
        bytes_per_row=float(tree["bytes_per_row"]),
        expected=None if expected is None else float(expected),
        worst_column=worst,
        shift=shifts.get(worst, 0.0),
        is_shifted=bool(tree["is_shifted"]),
        is_grown=bool(tree["is_grown"]),
        shifts=shifts,
    )
