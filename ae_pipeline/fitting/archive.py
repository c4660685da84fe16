"""Fit an archive's codec: tolerances and grids; the planner and the table decide the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.columns import TableSchema, reference_of
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.dataset import Source, typical_schema
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.guard import check_meaning, column_fidelity, judge_codec, tell_flattened
from ae_pipeline.fitting.prepare import measure_for_fit
from ae_pipeline.fitting.start import codec_to_start_from, fit_key
from ae_pipeline.fitting.table import add_table
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.results.progress import Progress


def fit_archive_codec(
    job: JobConfig,
    source: Source,
    checkpoint: Path,
    progress: Progress,
    promised: ArchiveCodec | None = None,
    before_training: Callable[[], object] = lambda: None,
) -> ArchiveCodec:
    """Measure, resolve tolerances, train, keep the network only if it saves bytes, add the table.

    Args:
        job: settings.
        source: fragments that are `fittable`.
        checkpoint: folder for the state of training.
        progress: called while measuring and training.
        promised: a former codec whose feature columns and tolerances stay.
        before_training: called once nothing but training can fail.

    Raises:
        SourceError: the source cannot be used.
        FlattenedColumnError: the tolerance of a column leaves nothing of it.
        ConfigError: a setting does not suit the source.
        TrainingError: the loss diverged.
    """
    schema = None if promised is None else _schema_now(promised.schema, source)
    measured = measure_for_fit(job, source, progress, schema=schema)
    sample = measured.statistics.sample
    provenance = Provenance(
        source=measured.where,
        fit_key=fit_key(job, source),
        n_rows=measured.statistics.n_rows,
        training=UNTRAINED,
        tolerance=job.tolerance.shaping() if promised is None else promised.provenance.tolerance,
        references=tuple(
            reference_of(sample[:, span.start : span.stop].reshape(-1))
            for span in measured.schema.spans
        ),
    )
    quantizers = None if promised is None else promised.quantizers
    direct, inputs = direct_codec(job, measured, provenance, quantizers)
    direct = replace(direct, provenance=replace(provenance, columns=judge_codec(direct, sample)))
    if promised is None:
        check_meaning(job.tolerance, direct, sample, measured.where)
    else:  # the promise stays, and the run goes on
        tell_flattened(column_fidelity(direct))
    previous = codec_to_start_from(job, measured.schema, load_archive_codec)
    before_training()
    trainer = CandidateTrainer(job, direct, inputs, measured.groups, checkpoint, progress, previous)
    planned = plan_codec(trainer, _planner(job, direct))
    return add_table(planned, source, measured.groups, job, progress)


def _planner(job: JobConfig, direct: ArchiveCodec) -> PlannerConfig:
    """Return the settings of the planner; where every value is exact, no network pays."""
    if any(not promise.is_exact for promise in direct.promises):
        return job.planner
    return job.planner.model_copy(update={"learn": "never"})


def _schema_now(promised: TableSchema, source: Source) -> TableSchema:
    """Return promised roles in the schema that most fragments have now: others may have come."""
    arrow = typical_schema(source)
    features = set(promised.features)
    found = tuple(name for name in arrow.names if name in features)
    # Quantizers follow the order of the features.
    return TableSchema(arrow, found) if found == promised.features else promised
