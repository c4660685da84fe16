"""Copies of datasets that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

from ae_pipeline.storage import private_folder


def copy_dataset(dataset: Path, target: Path) -> Path:
    """Copy a dataset and the private folder beside it; return the target."""
    shutil.copytree(dataset, target)
    private = private_folder(dataset)
    if not private.is_relative_to(dataset):
        shutil.copytree(private, target.with_name(f"{target.name}{private.suffix}"))
    return target
