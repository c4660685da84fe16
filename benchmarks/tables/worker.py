"""One peer on one dataset, in a process of its own: a format that aborts harms nobody else.

    python -m benchmarks.tables.worker DATASET NAME FILE

NAME is a peer's name, or `archive 0.01` for ours at a tolerance; FILE gets the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.measure.child import run_python
from benchmarks.tables.archive import ArchiveEntry, measure_archive
from benchmarks.tables.formats import FORMATS
from benchmarks.tables.measure import measure_table_peer, source_entry
from benchmarks.tables.outcome import TableComparison
from benchmarks.tables.peer import TableEntry
from benchmarks.tables.source import read_source

_ARCHIVE = "archive"
_MOST_TOLD = 200


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("name")
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(arguments.dataset, arguments.name, Path(folder))
    arguments.file.write_text(json.dumps(asdict(found)), encoding="utf-8")


def _measure(dataset: Path, name: str, folder: Path) -> TableEntry | ArchiveEntry:
    source = read_source(dataset)
    if name.startswith(_ARCHIVE):
        return measure_archive(source, float(name.removeprefix(_ARCHIVE)), folder)
    (peer,) = (peer for peer in FORMATS if peer.name == name)
    return measure_table_peer(peer, source, folder)


def compare_tables(
    dataset: Path, tolerances: Sequence[float], names: Sequence[str]
) -> TableComparison:
    """Measure ours at all tolerances and the peers of these names, each in its own process.

    Raises:
        FileNotFoundError: the dataset has no Parquet file.
    """
    source = read_source(dataset)
    return TableComparison(
        source.name,
        source.n_rows,
        len(source.columns),
        len(source.parts),
        source.arrow_bytes,
        (source_entry(source), *(_peer(dataset, name) for name in names)),
        tuple(archive_in_child(dataset, tolerance) for tolerance in tolerances),
    )


def archive_in_child(dataset: Path, tolerance: float) -> ArchiveEntry:
    """Measure our archive in a process of its own."""
    try:
        figures = _in_child(dataset, f"{_ARCHIVE} {tolerance!r}")
        return TypeAdapter(ArchiveEntry).validate_json(figures)
    except RuntimeError as error:
        return ArchiveEntry(tolerance, failure=_told(error))


def _peer(dataset: Path, name: str) -> TableEntry:
    try:
        return TypeAdapter(TableEntry).validate_json(_in_child(dataset, name))
    except RuntimeError as error:
        return TableEntry(name, failure=_told(error))


def _told(error: RuntimeError) -> str:
    """Return the last line that the process printed."""
    return f"failed: {str(error).splitlines()[-1][:_MOST_TOLD]}"


def _in_child(dataset: Path, name: str) -> str:
    """Return what the process writes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        arguments = ["-m", "benchmarks.tables.worker", str(dataset), name, str(file)]
        run_python(arguments, Path(folder) / "log.txt")
        return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
