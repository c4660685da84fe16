"""Fragments of partitions, without files."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.dataset import Fragment

NULL = "__HIVE_DEFAULT_PARTITION__"


def fragments_of(*partitions: str) -> list[Fragment]:
    """One fragment per partition, without files."""
    paths = [f"{partition}/part-0.parquet" for partition in partitions]
    return [Fragment(Path(path), path, 1) for path in paths]
