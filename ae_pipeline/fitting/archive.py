"""Fit an archive's codec: tolerances and grids; the planner decides the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import Quantizer
from ae_pipeline.columns import (
    ColumnStatistics,
    Standardization,
    TableSchema,
    fit_standardization,
    reference_of,
    resolve_roles,
    resolve_tolerances,
)
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, list_row_groups, typical_schema
from ae_pipeline.fitting.features import check_same_columns, fit_key
from ae_pipeline.fitting.guard import check_meaning, column_fidelity, judge_codec, tell_flattened
from ae_pipeline.fitting.prepare import measure_source
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.results.fit import TrainingSummary
from ae_pipeline.results.progress import Progress

logger = logging.getLogger(__name__)

#: Cells per deviation of a column.
_MOST_CELLS = 2.0**24
#: What provenance says where no network was trained.
UNTRAINED = TrainingSummary(0, 0, "no network", 0, 0.0, 0.0)


def fit_archive_codec(
    job: JobConfig,
    source: Source,
    checkpoint: Path,
    progress: Progress,
    promised: ArchiveCodec | None = None,
    before_training: Callable[[], object] = lambda: None,
) -> ArchiveCodec:
    """Measure, resolve tolerances, train, and keep the network only if it saves bytes.

    Args:
        job: settings.
        source: what is `fittable`.
        checkpoint: folder for the state of training.
        progress: told of measuring and training.
        promised: a former codec, whose feature columns and tolerances stay.
        before_training: called once nothing but training can go wrong.

    Raises:
        SourceError: the source cannot be used.
        FlattenedColumnError: the tolerance of a column leaves nothing of it.
        ConfigError: a setting does not suit it.
        TrainingError: the loss diverged.
    """
    if promised is None:
        schema = resolve_roles(typical_schema(source), job.columns, str(source.root))
    else:
        schema = promised.schema
    seed, where = job.training.seed, str(source.root)
    everything = list_row_groups(source.fragments)
    statistics, groups = measure_source(everything, schema.features, None, seed, progress, where)
    provenance = Provenance(
        source=where,
        fit_key=fit_key(job, source),
        n_rows=statistics.n_rows,
        training=UNTRAINED,
        tolerance=job.tolerance.shaping(),
        references=tuple(map(reference_of, statistics.sample.T)),
    )
    if promised is None:
        quantizers = resolve_tolerances(job.tolerance, schema, statistics)
    else:
        quantizers = promised.quantizers
        provenance = replace(provenance, tolerance=promised.provenance.tolerance)
    direct, inputs = direct_codec(job, schema, statistics, provenance, quantizers)
    direct = replace(
        direct, provenance=replace(provenance, columns=judge_codec(direct, statistics.sample))
    )
    if promised is None:
        check_meaning(job.tolerance, direct, statistics.sample, where)
    else:  # the promise stays, and so does the night
        tell_flattened(column_fidelity(direct))
    previous = _previous_codec(job, schema)
    before_training()
    trainer = CandidateTrainer(job, direct, inputs, groups, checkpoint, progress, previous)
    return plan_codec(trainer, job.planner)


def _previous_codec(job: JobConfig, schema: TableSchema) -> ArchiveCodec | None:
    """The codec that training goes on from; `CodecMismatchError` if it is of other columns."""
    if job.training.start_from is None:
        return None
    previous = load_archive_codec(job.training.start_from)
    check_same_columns(previous.schema, schema, job.training.start_from)
    return previous


def direct_codec(
    job: JobConfig,
    schema: TableSchema,
    statistics: ColumnStatistics,
    provenance: Provenance,
    quantizers: tuple[Quantizer, ...],
) -> tuple[ArchiveCodec, Standardization]:
    """A codec without any prediction, and what a network of it would see."""
    measured = fit_standardization(statistics, job.network.clip_sigma)
    direct = ArchiveCodec(
        schema=schema,
        quantizers=quantizers,
        std=_deviation(statistics, measured),
        predictor=None,
        network=None,
        provenance=provenance,
    )
    is_whole = np.array([quantizer.is_whole for quantizer in quantizers], bool)
    is_learnable = _is_learnable(measured, direct.cell) & ~is_whole
    return direct, replace(measured, scale=np.where(is_learnable, measured.scale, 0.0))


def _is_learnable(
    measured: Standardization, cell: Float64[np.ndarray, "features"]
) -> Bool[np.ndarray, "features"]:
    """Columns that a network may see: those with cells of one width, and not so fine against their
    spread that float32 cannot tell their cells apart.
    """  # noqa: D205
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return (cell > 0) & (measured.scale / cell < _MOST_CELLS)


def _deviation(
    statistics: ColumnStatistics, standardization: Standardization
) -> Float64[np.ndarray, "features"]:
    has_std = np.isfinite(statistics.std) & (statistics.std > 0)
    return np.where(has_std, statistics.std, standardization.scale)
