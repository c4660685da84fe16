"""Our archive of a table: made, decoded and compared as a user would, through the verbs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import decode, encode, inspect
from benchmarks.tables.compare import n_different, one_array, worst_error
from benchmarks.tables.measure import cpu_s
from benchmarks.tables.source import TableSource, read_source


@dataclass(frozen=True)
class ArchiveEntry:
    """An archive, measured.

    Args:
        tolerance: part of each float column's spread; 0 is exact.
        n_bytes: everything below the archive's folder.
        model_bytes: the part of it that is the codec.
        fit_s: CPU-seconds that choosing the codec took.
        encode_s: CPU-seconds from files to files, with the codec known.
        decode_s: CPU-seconds from files to files.
        n_wrong: values that differ where they must be exact.
        worst: largest error of all others, in what their columns promise.
        inexact: columns that may differ.
        failure: why there are no figures; empty if there are.
    """

    tolerance: float
    n_bytes: int = 0
    model_bytes: int = 0
    fit_s: float = 0.0
    encode_s: float = 0.0
    decode_s: float = 0.0
    n_wrong: int = 0
    worst: float = 0.0
    inexact: tuple[str, ...] = ()
    failure: str = ""

    @property
    def keeps_promise(self) -> bool:
        """Whether every value came back as promised."""
        return not self.failure and not self.n_wrong and self.worst <= 1.0


def measure_archive(source: TableSource, tolerance: float, folder: Path) -> ArchiveEntry:
    """Encode with a codec fitted for it, again with that codec, decode and compare.

    Raises:
        AePipelineError: the job cannot run.
        RuntimeError: a file failed.
    """
    pin_blas_threads()
    job = EncodeJob(
        source=str(source.root),
        archive=str(folder / "archive"),
        tolerance=ToleranceConfig(relative=tolerance, accept_flattened=True),
        execution={"workers": 1},
    )
    report, both_s = _timed_encode(job)
    again = {"archive": str(folder / "again"), "codec": _codec(report, folder / "archive")}
    _, encode_s = _timed_encode(job.model_copy(update=again))
    started = cpu_s()
    decoding = DecodeJob(archive=job.archive, decoded=str(folder / "decoded"))
    _check_report(decode(decoding))
    decode_s = cpu_s() - started
    promises = _promises(folder / "archive")
    n_wrong, worst = compare_tables(source, folder / "decoded", promises)
    return ArchiveEntry(
        tolerance,
        _bytes_below(folder / "archive"),
        _bytes_below(codec_directory(folder / "archive", report.codec_ids[0])),
        max(both_s - encode_s, 0.0),
        encode_s,
        decode_s,
        n_wrong,
        worst,
        tuple(promises),
    )


def compare_tables(
    source: TableSource, decoded: Path, promises: dict[str, float]
) -> tuple[int, float]:
    """Return how many exact values differ, and the largest error of the others in promises."""
    n_wrong, worst = 0, 0.0
    for path, part in zip(source.paths, source.parts, strict=True):
        (table,) = read_source(decoded / path).parts
        if table.column_names != part.column_names:
            return part.num_rows * part.num_columns, math.inf
        for name in part.column_names:
            before, after = one_array(part[name]), one_array(table[name])
            if name in promises:
                worst = max(worst, worst_error(before, after, promises[name]))
            else:
                n_wrong += n_different(before, after)
    return n_wrong, worst


def _timed_encode(job: EncodeJob) -> tuple[DatasetReport, float]:
    started = cpu_s()
    report = encode(job)
    seconds = cpu_s() - started
    _check_report(report)
    return report, seconds


def _check_report(report: DatasetReport) -> None:
    if report.failures:
        raise RuntimeError(str(report.failures[0]))


def _codec(report: DatasetReport, archive: Path) -> str:
    return str(codec_directory(archive, report.codec_ids[0]))


def _promises(archive: Path) -> dict[str, float]:
    """Return the largest error that each inexact column promises, in source units."""
    columns = inspect(str(archive)).columns
    return {column.name: column.tolerance for column in columns if column.tolerance}


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
