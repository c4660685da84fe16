"""Choose the codec of each partition: the one in use, an earlier one, or a new one.

Partitions that have not drifted keep the codec in use.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec, save_archive_codec
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.errors import CodecError
from ae_pipeline.fitting import UNTRAINED
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import codec_directory
from ae_pipeline.store import place
from ae_pipeline.upkeep.drift.measure import expected_rate, judge
from ae_pipeline.upkeep.drift.partitions import SampleWork, use_samples
from ae_pipeline.upkeep.drift.refit import is_worthwhile, refit
from ae_pipeline.upkeep.drift.sample import NewRows, new_fragments

logger = logging.getLogger(__name__)


def choose_codecs(
    job: EncodeJob,
    drift: DriftReport,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress = silent,
) -> DriftReport:
    """Choose a codec for each partition, and save the chosen ones in the archive.

    Every tolerance stays what it was: the promise does not change with the data.

    Args:
        job: with the action in `drift`.
        drift: what was measured.
        plan: which fragments are new.
        source: the source of the job.
        codec: the codec in use.
        progress: called while measuring and training.

    Raises:
        AePipelineError: the refit fails, or a codec cannot be written.
    """
    if job.drift.action == "refit":
        return _refitted(job, drift, plan, source, codec, progress)
    if job.drift.action == "warn" or not drift.is_drifted:
        return drift
    direct = _without_prediction(codec)
    _save(direct, place(plan.destination))
    return _use_where_grown(drift, direct)


def _refitted(
    job: EncodeJob,
    drift: DriftReport,
    plan: BackfillPlan,
    source: Source,
    codec: ArchiveCodec,
    progress: Progress,
) -> DriftReport:
    """Give each partition the best existing codec, and a new one if its rows grow even so."""
    archive = place(plan.destination)
    others = _other_codecs(archive, codec)
    if not others and not drift.is_drifted:
        return drift
    fragments = new_fragments(plan, source)
    if others:
        work = SampleWork(source.folders, codec, partial(_judge_all, codecs=others, job=job))
        judged = use_samples(work, fragments, job.execution, progress)
        drift = _best_existing(drift, judged)
    _save_used(others, drift, archive)
    grown = {one.partition: one for one in drift.partitions if one.is_grown}
    samples = _samples_of(grown, fragments, source, codec, job, progress)
    rows = [samples[name] for name in grown if name in samples]
    if not rows:
        return drift
    chosen = tuple(fragment for name in grown for fragment in fragments.get(name, ()))
    new = refit(job, replace(source, fragments=chosen), codec, rows, progress)
    if not is_worthwhile(new, grown, rows, job):
        logger.warning("codec %s stays: a new one is no smaller", codec.id)
        return drift
    _save(new, archive)
    logger.warning("codec %s -> %s in %s", codec.id, new.id, ", ".join(grown))
    return replace(_use_where_grown(drift, new), new_codec_id=new.id)


def _use_where_grown(drift: DriftReport, codec: ArchiveCodec) -> DriftReport:
    """Give a codec to every partition whose rows grew."""
    given = (replace(one, codec_id=codec.id) if one.is_grown else one for one in drift.partitions)
    return replace(drift, partitions=tuple(given))


def _judge_all(
    rows: NewRows, codecs: Sequence[ArchiveCodec], job: EncodeJob
) -> list[PartitionDrift]:
    return [judge(rows, codec, job.drift) for codec in codecs]


def _samples_of(
    partitions: Iterable[str],
    fragments: Mapping[str, Sequence[Fragment]],
    source: Source,
    codec: ArchiveCodec,
    job: EncodeJob,
    progress: Progress,
) -> dict[str, NewRows]:
    """Sample some partitions; their rows are held until it is known whether a codec pays."""
    chosen = {name: fragments[name] for name in partitions if name in fragments}
    work = SampleWork(source.folders, codec, _as_they_are)
    return use_samples(work, chosen, job.execution, progress)


def _as_they_are(rows: NewRows) -> NewRows:
    return rows


def _best_existing(
    drift: DriftReport, judged: Mapping[str, Sequence[PartitionDrift]]
) -> DriftReport:
    """Give each partition the best of all codecs: another one may have been fitted to it.

    Args:
        drift: with the codec in use.
        judged: each partition with the other codecs.
    """

    def best(one: PartitionDrift) -> PartitionDrift:
        others = judged.get(one.partition, ())
        smaller = [other for other in others if other.bytes_per_row < one.bytes_per_row]
        return min([one, *smaller], key=lambda it: (it.is_grown, it.bytes_per_row))

    return replace(drift, partitions=tuple(map(best, drift.partitions)))


def _save_used(codecs: Sequence[ArchiveCodec], drift: DriftReport, archive: Path) -> None:
    used = {one.codec_id for one in drift.partitions}
    for codec in codecs:
        if codec.id in used:
            _save(codec, archive)


def _other_codecs(archive: Path, codec: ArchiveCodec) -> list[ArchiveCodec]:
    """Return codecs of the archive that keep the same promise and have an expected rate."""
    found: list[ArchiveCodec] = []
    for directory in sorted(codec_directory(archive, codec.id).parent.glob("*")):
        try:
            other = load_archive_codec(directory)
        except CodecError:  # gc and verify report it
            continue
        is_same = (other.schema.features, other.promises) == (
            codec.schema.features,
            codec.promises,
        )
        if is_same and other.id != codec.id and expected_rate(other) is not None:
            found.append(other)
    return found


def _save(codec: ArchiveCodec, archive: Path) -> None:
    """Save a codec even if it exists: gc spares recent files, though no fragment names it yet."""
    directory = codec_directory(archive, codec.id)
    with suppress(CodecError):  # the same content; its provenance is its own and stays
        codec = load_archive_codec(directory)
    save_archive_codec(codec, directory)


def _without_prediction(codec: ArchiveCodec) -> ArchiveCodec:
    """Return the codec reduced to direct coding: fastest, and nothing in it can drift.

    It has no plan, so that it has no expected rate and no data is ever judged by it.
    """
    provenance = replace(codec.provenance, training=UNTRAINED, history=(), plan=(), costs=())
    table = None if codec.table is None else codec.table.without_model()
    return replace(codec, predictor=None, network=None, table=table, provenance=provenance)
