"""A new generation of an archive's codec, for data that is no longer what it was."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.codec import ArchiveCodec, model_bytes, save_archive_codec
from ae_pipeline.config import EncodeJob
from ae_pipeline.pipeline.drift import NewRows, expected_rate, new_fragments, sample_rows
from ae_pipeline.pipeline.fit_archive import UNTRAINED, fit_archive_codec
from ae_pipeline.pipeline.measure import fittable
from ae_pipeline.results import BackfillPlan, Candidate, DriftReport, Progress, silent
from ae_pipeline.source import Fragment, Source, discover
from ae_pipeline.storage import checkpoint_directory, codec_directory

logger = logging.getLogger(__name__)


def new_generation(
    job: EncodeJob,
    drift: DriftReport,
    plan: BackfillPlan,
    coder: ArchiveCoder,
    progress: Progress = silent,
) -> Path | None:
    """The directory of a codec for what has grown, saved in the archive; None if there is no need.

    Every tolerance stays what it was: the promise does not change with the data.

    Args:
        job: with the action in `drift`.
        drift: what was found.
        plan: what is new.
        coder: codec in use.
        progress: told of measuring and training.

    Raises:
        AePipelineError: the refit fails, or the codec cannot be written.
    """
    grown = {one.partition for one in drift.partitions if one.is_grown}
    chosen = [(name, files) for name, files in new_fragments(job, plan) if name in grown]
    samples = [sample_rows(name, files, coder.codec) for name, files in chosen]
    rows = [sample for sample in samples if sample is not None]
    if not rows or job.drift.action == "warn":
        return None
    fragments = [fragment for _, files in chosen for fragment in files]
    if job.drift.action == "direct":
        codec = _without_prediction(coder.codec, rows)
    else:
        codec = _refit(job, fragments, coder.codec, rows, progress)
    if codec.id == coder.codec_id or not _pays(codec, coder.codec, rows, job):
        logger.warning("codec %s stays: another one is no smaller", coder.codec_id)
        return None
    directory = codec_directory(Path(plan.destination), codec.id)
    save_archive_codec(codec, directory)
    logger.warning(
        "codec %s -> %s: %.4g -> %.4g bytes/row",
        *(coder.codec_id, codec.id),
        *(_rate(rows, coder.codec), _rate(rows, codec)),
    )
    return directory


def _without_prediction(codec: ArchiveCodec, rows: Sequence[NewRows]) -> ArchiveCodec:
    """The direct path alone: it encodes fastest, and depends on nothing that could drift."""
    direct = replace(codec, predictor=None, network=None)
    payload = round(codec.provenance.n_rows * _rate(rows, direct))
    plan = (Candidate("direct", payload, 0, 0.0, True),)
    provenance = replace(codec.provenance, training=UNTRAINED, history=(), plan=plan)
    return replace(direct, provenance=provenance)


def _refit(
    job: EncodeJob,
    fragments: Sequence[Fragment],
    codec: ArchiveCodec,
    rows: Sequence[NewRows],
    progress: Progress,
) -> ArchiveCodec:
    """Fitted to what has grown; a network goes on from the former one if that leads anywhere."""
    chosen = replace(discover(job.source), fragments=tuple(fragments))
    source = fittable(chosen, like=codec.schema.arrow)
    expected = expected_rate(codec) or 0.0
    if codec.network is None:
        return _fit(job, source, codec, None, progress)
    start_from = str(codec_directory(Path(job.archive or ""), codec.id))
    warm = _fit(job, source, codec, start_from, progress)
    if _rate(rows, warm) <= job.drift.growth * expected:
        return warm
    cold = _fit(job, source, codec, None, progress)
    return min(warm, cold, key=lambda one: _rate(rows, one))


def _fit(
    job: EncodeJob, source: Source, codec: ArchiveCodec, start_from: str | None, progress: Progress
) -> ArchiveCodec:
    training = job.training.model_copy(update={"start_from": start_from})
    own = job.model_copy(update={"training": training})
    checkpoint = checkpoint_directory(Path(job.archive or ""))
    return fit_archive_codec(own, source, checkpoint, progress, promised=codec)


def _pays(
    codec: ArchiveCodec, former: ArchiveCodec, rows: Sequence[NewRows], job: EncodeJob
) -> bool:
    """Whether what has grown takes fewer bytes, a new model counted; direct coding is for speed."""
    if job.drift.action == "direct":
        return True
    n_rows = sum(sample.n_rows for sample in rows)
    saved = (_rate(rows, former) - _rate(rows, codec)) * n_rows * job.planner.growth
    return saved > sum(model_bytes(codec).values())


def _rate(rows: Sequence[NewRows], codec: ArchiveCodec) -> float:
    """Payload per row, partitions weighing by all their rows."""
    rates = [sample.coded_bytes(codec) / len(sample.records) for sample in rows]
    weights = [sample.n_rows for sample in rows]
    total = sum(rate * weight for rate, weight in zip(rates, weights, strict=True))
    return total / max(sum(weights), 1)
