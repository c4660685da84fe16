"""The private folder of a dataset: its marker, codecs, notes and reports.

It lies inside, as `sales/_ae`, or beside, as `sales.ae`. Readers may open every file in a folder,
as Polars does, so that of tables which others read lies beside.
"""

from __future__ import annotations

import os
from pathlib import Path

from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.publish import make_folders, remove
from ae_pipeline.store import is_remote

#: Spark, pandas and Arrow skip names that start with an underscore.
PRIVATE_FOLDER = "_ae"
PRIVATE_SUFFIX = ".ae"
MARKER_FILE = "dataset.json"
REPORT_FOLDER, METRICS_FILE, PAGE_FILE = "report", "metrics.pq", "page.html"
DRIFT_FILE = "drift.json"
#: What a private folder beside its dataset may hold before it has a marker.
_OURS = {
    MARKER_FILE,
    REPORT_FOLDER,
    "checkpoint",
    "codecs",
    "failed",
    "index.pq",
    "retired",
    "retiring",
    "unchecked",
}


def private_folder(dataset: Path) -> Path:
    """Return the private folder that a dataset has; the one inside if it has none.

    Where the folder of the data is gone, what lies beside it belongs to nothing.
    """
    beside = None if _has_inside(dataset) else _beside(dataset)
    is_beside = beside is not None and beside.is_dir() and dataset.is_dir()
    return beside if beside is not None and is_beside else dataset / PRIVATE_FOLDER


def make_beside(dataset: Path) -> None:
    """Make the private folder of a new dataset, in whose own folder nothing but data may lie.

    Where that cannot be, the private folder will lie inside.
    """
    beside = None if _has_inside(dataset) else _beside(dataset)
    if beside is not None:
        make_folders(beside)


def forget_former(dataset: Path) -> None:
    """Make nothing of a private folder whose data was taken away; its codecs stay for now."""
    beside = _beside(dataset)
    if beside is not None and not (dataset.is_dir() and any(dataset.iterdir())):
        remove(beside / MARKER_FILE)
        for name in (METRICS_FILE, PAGE_FILE):
            remove(beside / REPORT_FOLDER / name)


def name_within(path: Path, dataset: Path) -> str:
    """Return the name of a file relative to its dataset, whose private folder may lie beside."""
    private = private_folder(dataset)
    if path.is_relative_to(private) and not private.is_relative_to(dataset):
        return f"../{private.name}/{path.relative_to(private).as_posix()}"
    return path.relative_to(dataset).as_posix()


def _has_inside(dataset: Path) -> bool:
    return os.path.lexists(dataset / PRIVATE_FOLDER)


def _beside(dataset: Path) -> Path | None:
    """Return the folder beside a dataset, by whatever name that is reached; None without one.

    Buckets, roots and mounts have nothing beside them that goes where they go. What somebody else
    keeps under that name stays as it is.
    """
    if is_remote(dataset):  # credentials and rules of a bucket often end at the prefix
        return None
    real = Path(os.path.realpath(dataset))
    beside = real.with_name(f"{real.name}{PRIVATE_SUFFIX}") if real.name else None
    if beside is None or os.path.ismount(real) or not _may_be_ours(beside):
        return None
    return beside


def _may_be_ours(folder: Path) -> bool:
    """Whether a folder is ours, or can be made."""
    if not os.path.lexists(folder):
        above = next(place for place in folder.parents if place.exists())
        return os.access(above, os.W_OK)
    if folder.is_symlink() or not folder.is_dir():
        return False
    names = os.listdir(folder)
    return MARKER_FILE in names or all(name in _OURS or is_temporary(name) for name in names)
