"""Add the table to an archive's codec: every column coded, if that makes the archive smaller."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.columns import pinned_columns
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import RowGroup, Source
from ae_pipeline.fitting.table_choice import TableChoice
from ae_pipeline.fitting.table_sample import MOST_VALUES, SampledTable, sample_table
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.progress import Progress, ProgressEvent
from ae_pipeline.table_fit import fit_table

logger = logging.getLogger(__name__)


def add_table(
    codec: ArchiveCodec,
    source: Source,
    groups: Sequence[RowGroup],
    job: JobConfig,
    progress: Progress,
    budget_s: float | None = None,
    most_values: int = MOST_VALUES,
) -> ArchiveCodec:
    """Return the codec with a table of all columns that are worth coding.

    Args:
        codec: codec of the feature columns.
        source: of the row groups.
        groups: row groups to learn from.
        job: settings.
        progress: called for every sub-column.
        budget_s: seconds of a present-day core to learn for; None for those of the planner.
        most_values: values to learn from, over all columns.
    """
    names = _candidates(codec, job)
    started = time.monotonic()
    sampled = sample_table(codec, source, groups, names, job.planner.growth, most_values)
    if not sampled.runs or not (sampled.cells or sampled.mappings):
        return codec
    budget_s = job.planner.budget_s if budget_s is None else budget_s
    fitted = fit_table(sampled.subcolumns(), budget_s, _shown(progress))
    choice = TableChoice(sampled, fitted, codes_all=job.columns.code == "all")
    found = replace(codec, table=choice.table())
    seconds = round(time.monotonic() - started, 1)
    former = (replace(one, is_chosen=False) for one in codec.provenance.plan)
    plan = (*former, _entry(found, sampled, seconds))
    provenance = replace(codec.provenance, plan=plan, costs=choice.costs())
    return replace(found, provenance=provenance)


def _candidates(codec: ArchiveCodec, job: JobConfig) -> list[str]:
    """Return the columns to map: those that are neither kept nor on a grid."""
    arrow = codec.schema.arrow
    pinned = pinned_columns(arrow, job.columns)
    on_grid = {
        name
        for name, column in zip(codec.schema.features, codec.columns, strict=True)
        if column.has_cells
    }
    own = set(arrow.names) if job.columns.code != "features" else set(codec.schema.features)
    pinned -= set(codec.schema.features)
    return [name for name in arrow.names if name in own - pinned - on_grid]


def _entry(codec: ArchiveCodec, sampled: SampledTable, seconds: float) -> Candidate:
    """Measure the codec on the sample, and list it as the candidate that was chosen."""
    payload = sum(len(codec.encode(run).to_bytes()) for run in sampled.runs)
    model = sum(model_bytes(codec).values())
    n_bytes = round(payload * sampled.share)
    logger.info("table: %d bytes of payload, %d of model", n_bytes, model)
    return Candidate("table model", n_bytes, model, seconds, is_chosen=True)


def _shown(progress: Progress) -> Callable[[int, int, str], None]:
    def show(done: int, total: int, name: str) -> None:
        progress(ProgressEvent("table", done, total, name))

    return show
