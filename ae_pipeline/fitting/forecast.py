"""A sample of a source, and the codec that a planner with little time chooses on it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec
from ae_pipeline.columns import TableSchema, resolve_roles
from ae_pipeline.config.job import EstimateJob
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.dataset import (
    RowGroup,
    Source,
    discover,
    fittable,
    list_row_groups,
    pinned_source,
    tell_ignored,
    typical_schema,
)
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.prepare import Measured, measure_for_fit
from ae_pipeline.fitting.spreading import spread_row_groups
from ae_pipeline.fitting.table import add_table
from ae_pipeline.fitting.table_sample import with_columns
from ae_pipeline.parquet import plain_sizes
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.forecast import Forecast, outlook
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.planner.sample import SampleBlocks, read_runs, read_sample
from ae_pipeline.results.progress import Progress

#: Values to measure, and values to plan on, over all columns. Ranges come from the measured
#: values, and a range that is too small makes tolerances too fine.
_MEASURED_VALUES, _MOST_VALUES = 1 << 23, 1 << 20
#: Seconds of a present-day core to learn a table for, and values to learn it from.
TABLE_S, TABLE_VALUES = 10.0, 2 * _MOST_VALUES


@dataclass(frozen=True)
class SampledSource:
    """The measured source and its chosen row groups, which all tolerances share.

    Args:
        source: fragments that a codec is fitted to.
        measured: what is known of them.
        groups: row groups to plan on.
        n_rows: rows of the source.
        plain_bytes: bytes, as plain Parquet, of each column that is not a feature.
    """

    source: Source
    measured: Measured
    groups: tuple[RowGroup, ...]
    n_rows: int
    plain_bytes: Mapping[str, int]

    @property
    def share(self) -> float:
        """Rows of the source per row of the chosen row groups."""
        return self.n_rows / max(sum(group.n_rows for group in self.groups), 1)


@dataclass(frozen=True)
class ForecastCodec:
    """The codec that a tolerance would get, cut short in training.

    Args:
        codec: codec as far as it was trained.
        outlook: share of what its network codes that will remain after its whole training.
    """

    codec: ArchiveCodec
    outlook: float


def sample_source(job: EstimateJob, progress: Progress) -> SampledSource:
    """Measure the source of an estimate, and choose row groups to plan on."""
    source = pinned_source(discover(job.source))
    tell_ignored(source, job.source)
    source = fittable(source, job.columns)
    schema = resolve_roles(typical_schema(source), job.columns, job.source)
    n_features = max(len(schema.lanes), 1)
    measured = measure_for_fit(
        job, source, progress, max_rows=_MEASURED_VALUES // n_features, schema=schema
    )
    n_rows = sum(group.n_rows for group in list_row_groups(source.fragments))
    groups = spread_row_groups(measured.groups, _MEASURED_VALUES // n_features)
    chosen = spread_row_groups(groups, _MOST_VALUES // n_features)
    plain_bytes = _plain_bytes(source, chosen, schema, n_rows)
    return SampledSource(source, measured, tuple(chosen), n_rows, plain_bytes)


def is_trained(codec: ArchiveCodec) -> bool:
    """Return whether a codec has a trained network."""
    return codec.network is not None and codec.provenance.training.steps > 0


def forecast_codec(
    job: EstimateJob,
    tolerance: ToleranceConfig,
    sampled: SampledSource,
    forecast: Forecast,
    progress: Progress,
) -> ForecastCodec:
    """Return the codec that a planner with little time chooses."""
    own = job.model_copy(update={"tolerance": tolerance})
    provenance = Provenance(job.source, "rehearsal", sampled.n_rows, UNTRAINED)
    direct, inputs = direct_codec(own, sampled.measured, provenance)
    growth = max(job.planner.growth, sampled.share)
    config = job.planner.model_copy(update={"growth": growth})
    with tempfile.TemporaryDirectory() as scratch:
        trainer = CandidateTrainer(own, direct, inputs, sampled.groups, Path(scratch), progress)
        codec = plan_codec(trainer, config, _MOST_VALUES, forecast)
        share = outlook(trainer, codec, config.budget_s)
    own = own.model_copy(update={"planner": config})
    whole = add_table(codec, sampled.source, sampled.groups, own, progress, TABLE_S, TABLE_VALUES)
    return ForecastCodec(whole, share)


def sample_blocks(codec: ArchiveCodec, sampled: SampledSource) -> SampleBlocks:
    """Read the blocks that a codec is tried on."""
    groups = with_columns(sampled.source, sampled.groups, codec.schema, codec.coded_columns)
    return read_sample(groups, codec, _MOST_VALUES).shortened(_MOST_VALUES // 4)


def _plain_bytes(
    source: Source, groups: Sequence[RowGroup], schema: TableSchema, n_rows: int
) -> Mapping[str, int]:
    """Return the bytes, as plain Parquet, of each column of the source that is not a feature."""
    names = schema.kept
    suited = with_columns(source, groups, schema, names)
    if not names or not suited:
        return {}
    most_rows = max(1, _MOST_VALUES // len(names))
    runs = list(read_runs(suited, names, MOST_ROWS, most_rows))
    share = n_rows / max(sum(map(len, runs)), 1)
    return {name: round(size * share) for name, size in plain_sizes(runs).items()}
