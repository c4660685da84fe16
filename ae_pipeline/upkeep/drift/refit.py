"""Fit a new codec to the partitions whose rows grew, and decide whether it is worth its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Source, fittable
from ae_pipeline.fitting import fit_archive_codec
from ae_pipeline.results.drift import PartitionDrift
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import checkpoint_directory, codec_directory
from ae_pipeline.store import place
from ae_pipeline.upkeep.drift.measure import expected_rate
from ae_pipeline.upkeep.drift.sample import NewRows


def refit(
    job: EncodeJob,
    source: Source,
    codec: ArchiveCodec,
    rows: Sequence[NewRows],
    progress: Progress,
) -> ArchiveCodec:
    """Fit a codec with the same promises to new data that the codec in use no longer suits.

    A network is trained on from the present one first. If its rows still grow, another is trained
    from scratch, and the smaller of the two is returned.

    Args:
        job: settings of the fit.
        source: the fragments to fit to.
        codec: the codec in use.
        rows: samples of these fragments.
        progress: called while measuring and training.

    Raises:
        AePipelineError: the source cannot be read, or the fit fails.
    """
    source = fittable(source, job.columns, like=codec.schema)
    expected = expected_rate(codec) or 0.0
    if codec.network is None:
        return _fit(job, source, codec, None, progress)
    start_from = job.codec or str(codec_directory(place(job.archive or ""), codec.id))
    warm = _fit(job, source, codec, start_from, progress)
    if _mean_rate(rows, warm) <= job.drift.growth * expected:
        return warm
    cold = _fit(job, source, codec, None, progress)
    return min(warm, cold, key=lambda one: _mean_rate(rows, one))


def is_worthwhile(
    codec: ArchiveCodec,
    former: Mapping[str, PartitionDrift],
    rows: Sequence[NewRows],
    job: EncodeJob,
) -> bool:
    """Whether a new codec saves more payload than its model takes.

    Args:
        codec: the new one.
        former: drift of each partition with the best existing codec.
        rows: samples of these partitions.
        job: with the growth of the archive that `planner` expects.
    """
    saved = sum(
        (former[sample.partition].bytes_per_row - _mean_rate([sample], codec)) * sample.n_rows
        for sample in rows
    )
    return saved * job.planner.growth > sum(model_bytes(codec).values())


def _fit(
    job: EncodeJob, source: Source, codec: ArchiveCodec, start_from: str | None, progress: Progress
) -> ArchiveCodec:
    training = job.training.model_copy(update={"start_from": start_from})
    own = job.model_copy(update={"training": training})
    checkpoint = checkpoint_directory(place(job.archive or ""))
    return fit_archive_codec(own, source, checkpoint, progress, promised=codec)


def _mean_rate(rows: Sequence[NewRows], codec: ArchiveCodec) -> float:
    """Payload bytes per row, each partition weighted by all its rows."""
    rates = [sample.bytes_per_row(codec) for sample in rows]
    weights = [sample.n_rows for sample in rows]
    total = sum(rate * weight for rate, weight in zip(rates, weights, strict=True))
    return total / max(sum(weights), 1)
