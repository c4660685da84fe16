"""Add the table to an archive's codec: every column coded, if that makes the archive smaller."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from ae_pipeline.codec.archive import (
    ArchiveCodec,
    model_bytes,
    needed_columns,
    without_unused,
)
from ae_pipeline.coding import BlockStreams
from ae_pipeline.columns import count_lanes, pinned_columns
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import RowGroup, Source
from ae_pipeline.fitting.block_costs import with_measured
from ae_pipeline.fitting.references import find_references, fit_references
from ae_pipeline.fitting.table_choice import TableChoice
from ae_pipeline.fitting.table_sample import MOST_VALUES, SampledTable, sample_table
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.progress import Progress, ProgressEvent
from ae_pipeline.table_fit import add_hints, fit_table

logger = logging.getLogger(__name__)

#: Share of the budget that goes into finding references, and as much into how they are coded.
_REFERENCES_SHARE = 0.15
#: Values to measure the ways of columns on.
_MEASURED_VALUES = 1 << 21
#: A sample of the archive with at most so many rows per row of the sample is all of it.
_WHOLE_SHARE = 1.2


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
    names = _mappable(codec, job)
    started = time.monotonic()
    sampled = sample_table(codec, source, groups, names, job.planner.growth, most_values)
    if not sampled.runs or not (sampled.cells or sampled.mappings):
        return codec
    budget_s = job.planner.budget_s if budget_s is None else budget_s
    sample, kept = sampled.subcolumns(), None
    own_s = _REFERENCES_SHARE * budget_s
    references = find_references(sampled, source, groups, own_s)
    if references is not None:
        kept = fit_references(references, sampled.columns, own_s)
        sample, budget_s = add_hints(sample, references), budget_s - 2 * own_s
    fitted = fit_table(sample, budget_s, _shown(progress), most_depth=job.columns.chain)
    choice = TableChoice(sampled, fitted, job.columns.code == "all", kept)
    whole = replace(codec, table=choice.table())
    found, entry, blocks = _smallest(_candidates(whole), sampled, started)
    costs = with_measured(choice.costs(), found, blocks, sampled.share)
    former = (replace(one, is_chosen=False) for one in codec.provenance.plan)
    ways = found.measure_ways(_some(sampled.runs))
    provenance = replace(codec.provenance, plan=(*former, entry), costs=costs, ways=ways)
    return _with_needs(replace(found, provenance=provenance))


def _some(runs: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield about as many rows as are worth measuring, from runs all over the sample."""
    n_values = sum(len(run) * sum(count_lanes(field.type) for field in run.schema) for run in runs)
    yield from runs[:: max(1, n_values // _MEASURED_VALUES)]


def _with_needs(codec: ArchiveCodec) -> ArchiveCodec:
    """Return the codec with the number of columns that each one is decoded from, at most."""
    needs = needed_columns(codec)
    costs = codec.provenance.costs
    counted = tuple(replace(cost, n_needed=len(needs.get(cost.name, ()))) for cost in costs)
    return replace(codec, provenance=replace(codec.provenance, costs=counted))


def _mappable(codec: ArchiveCodec, job: JobConfig) -> list[str]:
    """Return the columns to map: those that are neither kept nor on a grid."""
    arrow = codec.schema.arrow
    pinned = pinned_columns(arrow, job.columns)
    pairs = zip(codec.schema.features, codec.quantizers, strict=True)
    on_grid = {name for name, quantizer in pairs if quantizer.grid.has_cells}
    own = set(arrow.names) if job.columns.codes_others else set(codec.schema.features)
    pinned -= set(codec.schema.features)
    return [name for name in arrow.names if name in own - pinned - on_grid]


def _candidates(codec: ArchiveCodec) -> dict[str, ArchiveCodec]:
    """Return the codec, and the same without its network, whose gain the table may have taken."""
    if codec.network is None:
        return {"table model": codec}
    alone = replace(codec, network=None)
    return {"table model and network": codec, "table model": alone}


def _smallest(
    candidates: Mapping[str, ArchiveCodec], sampled: SampledTable, started: float
) -> tuple[ArchiveCodec, Candidate, list[BlockStreams]]:
    """Measure codecs on the sample.

    Returns:
        The codec of fewest bytes, its entry in the plan, and the blocks that it makes.
    """
    best: tuple[float, ArchiveCodec, Candidate, list[BlockStreams]] | None = None
    for name, full in candidates.items():
        blocks = [full.encode(run) for run in sampled.runs]
        codec = _trimmed(full, sampled, blocks)
        payload = sampled.share * sum(len(block.to_bytes()) for block in blocks)
        model = sum(model_bytes(codec).values())
        seconds = round(time.monotonic() - started, 1)
        entry = Candidate(name, round(payload), model, seconds, is_chosen=True)
        logger.info("%s: %d bytes of payload, %d of model", name, payload, model)
        total = payload + model / sampled.growth
        if best is None or total < best[0]:
            best = total, codec, entry, blocks
    if best is None:
        raise ValueError("no candidate was measured")
    return best[1:]


def _trimmed(
    codec: ArchiveCodec, sampled: SampledTable, blocks: Sequence[BlockStreams]
) -> ArchiveCodec:
    """Leave out models that no block uses: most of them where the network codes the columns.

    Rows that are not in the sample, or are yet to come, may use any of them.
    """
    if codec.table is None or sampled.share * sampled.growth > _WHOLE_SHARE:
        return codec
    return replace(codec, table=without_unused(codec.table, codec.schema.lanes, blocks))


def _shown(progress: Progress) -> Callable[[int, int, str], None]:
    def show(done: int, total: int, name: str) -> None:
        progress(ProgressEvent("table", done, total, name))

    return show
