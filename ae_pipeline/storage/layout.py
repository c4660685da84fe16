"""The layout of a dataset that ae-pipeline writes, and the marker by which it is recognised.

See `docs/format.md`. A fragment of the source is one fragment here, at the same relative path.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from ae_pipeline.errors import CorruptCodecError
from ae_pipeline.format_version import FORMAT_VERSION, check_version
from ae_pipeline.publish import publish_bytes
from ae_pipeline.storage.private import (
    DRIFT_FILE,
    MARKER_FILE,
    METRICS_FILE,
    PAGE_FILE,
    PRIVATE_FOLDER,
    REPORT_FOLDER,
    private_folder,
)

Kind = Literal["features", "archive", "decoded"]


@dataclass(frozen=True)
class Extract:
    """The part of an encoded dataset that decoded tables hold.

    Args:
        encoded: absolute path of the encoded dataset.
        columns: names of the chosen columns, sorted; None for all.
        row_groups: numbers of the chosen row groups of each fragment, sorted; None for all.
    """

    encoded: str
    columns: tuple[str, ...] | None = None
    row_groups: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Marker:
    """The kind of a dataset, and the codec of new fragments or the part that was decoded."""

    kind: Kind
    codec_id: str | None = None
    format_version: str = FORMAT_VERSION
    extract: Extract | None = None


def is_codec_id(text: str) -> bool:
    """Whether a text is 20 hex digits, and so no path that leads elsewhere."""
    return re.fullmatch("[0-9a-f]{20}", text) is not None


def codec_directory(dataset: Path, codec_id: str) -> Path:
    """Return where a dataset keeps its copy of a codec; `CorruptCodecError` if this is no id."""
    if not is_codec_id(codec_id):
        raise CorruptCodecError(
            "not a codec id",
            where=str(dataset),
            expected="20 hex digits",
            got=codec_id,
            remedy=f"restore {PRIVATE_FOLDER}/{MARKER_FILE}",
        )
    return private_folder(dataset) / "codecs" / codec_id


def checkpoint_directory(dataset: Path) -> Path:
    """Return the folder for the state of an unfinished fit."""
    return private_folder(dataset) / "checkpoint"


def report_directory(dataset: Path) -> Path:
    """Return the folder for metrics tables."""
    return private_folder(dataset) / REPORT_FOLDER


def metrics_file(dataset: Path) -> Path:
    """Return the table of errors; readers that follow `**/*.parquet` must not meet it."""
    return report_directory(dataset) / METRICS_FILE


def former_metrics_file(dataset: Path) -> Path:
    """Return where earlier releases kept the table of errors."""
    return report_directory(dataset) / "metrics.parquet"


def drift_file(dataset: Path) -> Path:
    """Return the record of the drift that was measured last."""
    return report_directory(dataset) / DRIFT_FILE


def page_file(dataset: Path) -> Path:
    """Return the page that the last run has left for people."""
    return report_directory(dataset) / PAGE_FILE


def marker_of(dataset: str) -> str:
    """Return the place of the marker of a dataset in an object store, by its URI."""
    return f"{dataset.rstrip('/')}/{PRIVATE_FOLDER}/{MARKER_FILE}"


def read_marker(dataset: Path) -> Marker | None:
    """Return the marker of a folder, or None if ae-pipeline did not write the dataset.

    Raises:
        UnsupportedFormatError: the marker has another major format version.
    """
    try:
        tree = json.loads((private_folder(dataset) / MARKER_FILE).read_text(encoding="utf-8"))
        codec_id, version = tree.get("codec_id"), str(tree.get("format_version", FORMAT_VERSION))
        marker = Marker(
            tree["kind"],
            None if codec_id is None else str(codec_id),
            extract=_read_extract(tree.get("extract")),
        )
        is_known = tree["kind"] in get_args(Kind)
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    check_version("dataset", version, str(dataset))
    return marker if is_known else None


def write_marker(dataset: Path, marker: Marker) -> None:
    """Mark a folder; `DestinationError` if it cannot, or another job has marked it meanwhile."""
    tree = asdict(marker)
    if marker.extract is None:
        del tree["extract"]
    text = json.dumps(tree, indent=2) + "\n"
    path = private_folder(dataset) / MARKER_FILE
    publish_bytes(path, text.encode(), unless_changed=True)


def _read_extract(tree: object) -> Extract | None:
    """Return the extract; None if there is none, as in markers of former releases."""
    if not isinstance(tree, dict) or not isinstance(tree.get("encoded"), str):
        return None
    columns, groups = tree.get("columns"), tree.get("row_groups")
    return Extract(
        tree["encoded"],
        None if columns is None else tuple(map(str, columns)),
        None if groups is None else tuple(map(int, groups)),
    )
