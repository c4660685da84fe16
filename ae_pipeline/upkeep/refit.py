"""Which codec new data gets that is no longer what the one in use was fitted to.

Partition by partition: what has not drifted goes on as before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ae_pipeline.codec.archive import (
    ArchiveCodec,
    load_archive_codec,
    model_bytes,
    save_archive_codec,
)
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source, fittable
from ae_pipeline.errors import CodecError
from ae_pipeline.fitting import UNTRAINED, fit_archive_codec
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import checkpoint_directory, codec_directory
from ae_pipeline.upkeep.drift import NewRows, expected_rate, judge, new_fragments, sample_rows

logger = logging.getLogger(__name__)


def choose_codecs(
    job: EncodeJob,
    drift: DriftReport,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress = silent,
) -> DriftReport:
    """Which codec each partition gets; all are saved in the archive.

    Every tolerance stays what it was: the promise does not change with the data.

    Args:
        job: with the action in `drift`.
        drift: what was found.
        plan: what is new.
        source: of the job.
        codec: the one in use.
        progress: told of measuring and training.

    Raises:
        AePipelineError: the refit fails, or a codec cannot be written.
    """
    if job.drift.action == "refit":
        return _refitted(job, drift, plan, source, codec, progress)
    if job.drift.action == "warn" or not drift.is_drifted:
        return drift
    direct = _without_prediction(codec)
    _save(direct, Path(plan.destination))
    return _given(drift, direct)


def _refitted(
    job: EncodeJob,
    drift: DriftReport,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress,
) -> DriftReport:
    """Each partition gets the best codec at hand, and what has grown even so a new one."""
    archive = Path(plan.destination)
    others = _other_codecs(archive, codec)
    if not others and not drift.is_drifted:
        return drift
    fragments = dict(new_fragments(plan, source))
    samples = _samples(fragments, codec)
    drift = _held_against(others, drift, samples, job)
    left = {one.partition: one for one in drift.partitions if one.is_grown}
    chosen = [fragment for name in left for fragment in fragments.get(name, ())]
    rows = [samples[name] for name in left if name in samples]
    if not rows:
        return drift
    fitted = _refit(job, replace(source, fragments=tuple(chosen)), codec, rows, progress)
    if not _pays(fitted, left, rows, job):
        logger.warning("codec %s stays: another one is no smaller", codec.id)
        return drift
    _save(fitted, archive)
    logger.warning("codec %s -> %s in %s", codec.id, fitted.id, ", ".join(left))
    return replace(_given(drift, fitted), new_codec_id=fitted.id)


def _given(drift: DriftReport, codec: ArchiveCodec) -> DriftReport:
    """A codec for all that has grown."""
    given = (replace(one, codec_id=codec.id) if one.is_grown else one for one in drift.partitions)
    return replace(drift, partitions=tuple(given))


def _samples(
    fragments: Mapping[str, Sequence[Fragment]], codec: ArchiveCodec
) -> dict[str, NewRows]:
    found = {name: sample_rows(name, files, codec) for name, files in fragments.items()}
    return {name: rows for name, rows in found.items() if rows is not None}


def _held_against(
    others: Sequence[ArchiveCodec],
    drift: DriftReport,
    samples: Mapping[str, NewRows],
    job: EncodeJob,
) -> DriftReport:
    """New data, held against former codecs, too: one of them may be its own."""
    partitions: list[PartitionDrift] = []
    for one in drift.partitions:
        rows = samples.get(one.partition)
        judged = [] if rows is None else [judge(rows, codec, job.drift) for codec in others]
        smaller = [other for other in judged if other.bytes_per_row < one.bytes_per_row]
        best = min([one, *smaller], key=lambda it: (it.is_grown, it.bytes_per_row))
        partitions.append(best)
    for codec in others:
        if any(one.codec_id == codec.id for one in partitions):
            _save(codec, Path(job.archive or ""))
    return replace(drift, partitions=tuple(partitions))


def _other_codecs(archive: Path, codec: ArchiveCodec) -> list[ArchiveCodec]:
    """Those of the archive that keep the same promise and say what they expect."""
    found: list[ArchiveCodec] = []
    for directory in sorted(codec_directory(archive, codec.id).parent.glob("*")):
        try:
            other = load_archive_codec(directory)
        except CodecError:  # gc and verify tell of it
            continue
        is_same = (other.schema.features, other.promises) == (
            codec.schema.features,
            codec.promises,
        )
        if is_same and other.id != codec.id and expected_rate(other) is not None:
            found.append(other)
    return found


def _save(codec: ArchiveCodec, archive: Path) -> None:
    """Also if it is there: what was just written is no garbage, although no fragment names it."""
    directory = codec_directory(archive, codec.id)
    with suppress(CodecError):  # of the same content, but where it came from is its own
        codec = load_archive_codec(directory)
    save_archive_codec(codec, directory)


def _without_prediction(codec: ArchiveCodec) -> ArchiveCodec:
    """The direct path alone: it encodes fastest, and depends on nothing that could drift.

    It has no plan, so that nothing is ever held against it.
    """
    provenance = replace(codec.provenance, training=UNTRAINED, history=(), plan=())
    return replace(codec, predictor=None, network=None, provenance=provenance)


def _refit(
    job: EncodeJob,
    source: Source,
    codec: ArchiveCodec,
    rows: Sequence[NewRows],
    progress: Progress,
) -> ArchiveCodec:
    """Fitted to what has grown; a network goes on from the former one if that leads anywhere."""
    source = fittable(source, job.columns, like=codec.schema)
    expected = expected_rate(codec) or 0.0
    if codec.network is None:
        return _fit(job, source, codec, None, progress)
    start_from = job.codec or str(codec_directory(Path(job.archive or ""), codec.id))
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
    codec: ArchiveCodec,
    former: Mapping[str, PartitionDrift],
    rows: Sequence[NewRows],
    job: EncodeJob,
) -> bool:
    """Whether what has grown takes fewer bytes than with the best codec at hand, its model counted.

    Args:
        codec: the new one.
        former: what the best one makes of each partition.
        rows: samples of them.
        job: with the growth that the archive will have.
    """
    saved = sum(
        (former[sample.partition].bytes_per_row - _rate([sample], codec)) * sample.n_rows
        for sample in rows
    )
    return saved * job.planner.growth > sum(model_bytes(codec).values())


def _rate(rows: Sequence[NewRows], codec: ArchiveCodec) -> float:
    """Payload per row, partitions weighing by all their rows."""
    rates = [sample.coded_bytes(codec) / len(sample.records) for sample in rows]
    weights = [sample.n_rows for sample in rows]
    total = sum(rate * weight for rate, weight in zip(rates, weights, strict=True))
    return total / max(sum(weights), 1)
