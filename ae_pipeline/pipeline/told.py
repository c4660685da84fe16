"""What a dataset's report says of each column: found when its codec was fitted, or measured now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import get_args

from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.fidelity import Fidelity, Verdict, verdict_of
from ae_pipeline.metrics import ErrorMetrics
from ae_pipeline.pipeline.compare import feature_numbers
from ae_pipeline.pipeline.guard import column_fidelity
from ae_pipeline.promise import Promise
from ae_pipeline.results import ColumnFidelity
from ae_pipeline.storage import Coder

#: From good to bad.
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def dataset_fidelity(
    coders: Sequence[Coder], columns: Collection[str] | None, measured: Sequence[ErrorMetrics]
) -> tuple[ColumnFidelity, ...]:
    """The chosen columns of an archive; nothing of features, of which nothing is promised.

    Args:
        coders: in use; of several codecs the one that leaves least of a column counts.
        columns: those that were decoded, or None for all.
        measured: errors of these columns, if values were compared; these decide then.
    """
    codecs = [coder.codec for coder in coders if isinstance(coder, ArchiveCoder)]
    if not codecs:
        return ()
    numbers = feature_numbers(coders[0], columns)
    told = [column_fidelity(codec) for codec in codecs]
    worst = [max((own[number] for own in told), key=_badness) for number in numbers]
    if not measured:
        return tuple(worst)
    return tuple(_as_measured(*pair) for pair in zip(worst, measured, strict=True))


def _badness(column: ColumnFidelity) -> int:
    return -1 if column.found is None else _VERDICTS.index(column.found.verdict)


def _as_measured(column: ColumnFidelity, measured: ErrorMetrics) -> ColumnFidelity:
    """With the shares of what was compared, and the worse one of both verdicts."""
    at_best: Verdict = "exact" if column.promise == str(Promise()) else "kept"
    found = column.found or Fidelity(None, None, None, None, None, at_best)
    verdict = found.verdict
    if measured.max_error > 0:
        verdict = max(verdict, verdict_of(measured.r2, measured.r2_bulk), key=_VERDICTS.index)
    found = replace(found, r2=measured.r2, r2_bulk=measured.r2_bulk, verdict=verdict)
    return replace(column, found=found)
