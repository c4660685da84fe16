"""Several formats on the same rows."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class ComparedFormat:
    """One way to store the sample.

    Args:
        name: of the format.
        n_bytes: everything counted.
        is_exact: whether every bit comes back; if not, floats do within the tolerance.
        write_s: CPU-seconds of writing it; None for files that are there already.
        read_s: CPU-seconds of reading all of it.
        is_ours: whether it is an archive.
    """

    name: str
    n_bytes: int
    is_exact: bool
    write_s: float | None
    read_s: float | None
    is_ours: bool = False


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """Formats on a sample of a source, the smallest first.

    Args:
        source: path.
        n_rows: rows of the source.
        n_sampled: rows that were stored in every format.
        arrow_bytes: these rows in memory.
        formats: measured ones.
        model_bytes: of ours: the model, which all files of an archive share.
        fit_s: wall seconds of fitting ours.
    """

    source: str
    n_rows: int
    n_sampled: int
    arrow_bytes: int
    formats: tuple[ComparedFormat, ...]
    model_bytes: int
    fit_s: float
