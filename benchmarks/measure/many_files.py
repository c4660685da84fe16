"""Many files of one size whose codec is fitted before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure.child import run_python, run_verb

_COLUMNS, _FLOAT_BYTES, _ROW_GROUP_ROWS = 32, 8, 1 << 20
_SAMPLE_ROWS = 1 << 14
_MB = 1e6
_WRITE = """
import sys
from pathlib import Path
from benchmarks.measure.synthetic import write_table
folder, n_files, n_rows, n_columns, group_rows, seed = sys.argv[1], *map(int, sys.argv[2:])
Path(folder).mkdir(parents=True)
for number in range(n_files):
    path = Path(folder) / f"part-{number:05d}.parquet"
    write_table(path, n_rows, n_columns, group_rows, seed + number)
"""


@dataclass(frozen=True)
class ManyFiles:
    """A dataset of full-precision floats, and a codec without a network for it.

    Args:
        source: its folder.
        codec: directory of the codec.
        n_files: of equal size, each with rows of its own.
        raw_bytes: of all numbers; the files are as large.
    """

    source: Path
    codec: Path
    n_files: int
    raw_bytes: int

    @property
    def raw_mb(self) -> float:
        """Megabytes of all numbers."""
        return self.raw_bytes / _MB


def make_files(folder: Path, n_files: int, file_mb: float) -> ManyFiles:
    """Write files and fit a codec with a tolerance of 1 %, in other processes.

    Raises:
        RuntimeError: a process failed; the message has the end of its log.
    """
    n_rows = max(1, round(file_mb * _MB / (_COLUMNS * _FLOAT_BYTES)))
    log, sample = folder / "log.txt", folder / "sample"
    made = ManyFiles(
        folder / "source", folder / "codec", n_files, n_files * n_rows * _COLUMNS * _FLOAT_BYTES
    )
    _write(sample, 1, min(n_rows, _SAMPLE_ROWS), 0, log)
    _write(made.source, n_files, n_rows, 1, log)
    fit_codec(sample, made.codec, 0.01)
    return made


def fit_codec(source: Path, codec: Path, tolerance: float) -> None:
    """Fit a codec without a network for an archive, in another process; errors as `make_files`."""
    settings = (f"tolerance.relative={tolerance}", "planner.learn=never")
    options = [word for one in settings for word in ("--set", one)]
    command = ["fit", str(source), "--codec", str(codec), "--for", "archive", *options]
    run_verb(command, codec.parent / "log.txt")


def _write(folder: Path, n_files: int, n_rows: int, seed: int, log: Path) -> None:
    numbers = (n_files, n_rows, _COLUMNS, _ROW_GROUP_ROWS, seed)
    run_python(["-c", _WRITE, str(folder), *map(str, numbers)], log)
