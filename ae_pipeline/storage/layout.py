"""Where things lie in a dataset that we write, and the marker that says we wrote it.

See `docs/format.md`. A fragment of the source is one fragment here, at the same relative path.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from ae_pipeline.publish import publish_bytes

#: Readers of datasets skip names that start with an underscore.
_PRIVATE_FOLDER = "_ae"
_MARKER_FILE = "dataset.json"

Kind = Literal["features", "archive", "decoded"]


@dataclass(frozen=True)
class Marker:
    """What a dataset of ours is, and the codec that new fragments get."""

    kind: Kind
    codec_id: str | None = None
    format_version: str = "1.0"


def codec_directory(dataset: Path, codec_id: str) -> Path:
    """The copy of a codec that travels with the dataset."""
    return dataset / _PRIVATE_FOLDER / "codecs" / codec_id


def checkpoint_directory(dataset: Path) -> Path:
    """State of a fit that was started for this dataset."""
    return dataset / _PRIVATE_FOLDER / "checkpoint"


def report_directory(dataset: Path) -> Path:
    """Metrics tables."""
    return dataset / _PRIVATE_FOLDER / "report"


def read_marker(dataset: Path) -> Marker | None:
    """The marker, or None if the folder is not one of our datasets."""
    try:
        tree = json.loads((dataset / _PRIVATE_FOLDER / _MARKER_FILE).read_text())
        codec_id = tree.get("codec_id")
        return Marker(tree["kind"], None if codec_id is None else str(codec_id))
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None


def write_marker(dataset: Path, marker: Marker) -> None:
    """Make the folder ours; `DestinationError` if it cannot be written."""
    text = json.dumps(asdict(marker), indent=2) + "\n"
    publish_bytes(dataset / _PRIVATE_FOLDER / _MARKER_FILE, text.encode())
