"""Compress: bring an archive up to date, verify what was written, and only then delete sources.

Each step is a function of its own, so that a flow can wrap it in a task.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ae_pipeline.config.job import CompressJob, VerifyJob
from ae_pipeline.dataset import Source, sparing
from ae_pipeline.errors import AePipelineError
from ae_pipeline.formats import find_format
from ae_pipeline.fragments import DecodePlan, EncodePlan, check_meaning_kept, returned_error
from ae_pipeline.lake import visiting_places
from ae_pipeline.results.backfill import BackfillPlan
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult
from ae_pipeline.results.drift import DriftReport
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import Marker, claim, read_notes
from ae_pipeline.store import is_there, place
from ae_pipeline.upkeep import (
    check_deletable,
    choose_codecs,
    finish_retiring,
    is_retired,
    list_source,
    measure_drift,
    plan_backfill,
    remember_failures,
    remove_replaced,
    retire_all,
    set_aside,
    source_root,
    tell_drift,
    unfinished,
)
from ae_pipeline.verbs.backfill import start_backfill
from ae_pipeline.verbs.decode import decode_fragments, verify_report
from ae_pipeline.verbs.encode import encode_fragments, encode_report
from ae_pipeline.verbs.read_back import forget_unchecked, intention, note_unchecked, plan_check
from ae_pipeline.work import Outcome, keeping_workers

NOTHING = Outcome((), ())


@dataclass(frozen=True)
class Settled:
    """Outcome of settling the verified fragments: deleted sources and failures."""

    retired: tuple[str, ...] = ()
    retired_bytes: int = 0
    failures: tuple[FragmentFailure, ...] = field(default=())


@visiting_places
def compress(job: CompressJob, progress: Progress = silent) -> CompressReport:
    """Plan, watch for drift, encode, verify what was written, delete sources if asked to.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    started = time.monotonic()
    check_deletable(job)
    finish_retiring(job)
    source = list_source(job)
    execution = job.execution
    with keeping_workers():
        plan = plan_backfill(job, source)
        drift = watch_drift(job, plan, progress, source)
        encoding = start_compress(job, plan, drift, progress, source)
        written = NOTHING if encoding is None else encode_fragments(encoding, execution, progress)
        verifying = plan_check(job, plan, encoding, written, source)
        checked = NOTHING if verifying is None else decode_fragments(verifying, execution, progress)
    # Before sources are deleted: partitions that list nothing are never replaced.
    replaced = remove_replaced(plan, written, checked)
    settled = settle(job, verifying, checked, source)
    return finish_compress(
        job, plan, drift, (encoding, written), (verifying, checked), settled, started, replaced
    )


def watch_drift(
    job: CompressJob,
    plan: BackfillPlan,
    progress: Progress = silent,
    source: Source | None = None,
) -> DriftReport | None:
    """Measure and record drift, and choose each partition's codec; None if all share one.

    Raises:
        AePipelineError: the codec cannot be read, or a refit fails.
    """
    format = find_format(job, place(job.archive))
    codec = None if format is None else format.drift_reference
    if not plan.selected or codec is None or job.backfill.dry_run:
        return None
    source = list_source(job) if source is None else source
    with sparing(source):
        drift = measure_drift(job, plan, source, codec, progress)
        drift = choose_codecs(job, drift, plan, source, codec, progress)
        tell_drift(drift, job.drift, place(job.archive))
    return drift


def start_compress(
    job: CompressJob,
    plan: BackfillPlan,
    drift: DriftReport | None,
    progress: Progress = silent,
    source: Source | None = None,
) -> EncodePlan | None:
    """Do as `start_backfill`, and note what will be written, so that it is read back in any case.

    Raises:
        AePipelineError: the source, codec, settings or destination cannot be used.
    """
    source = list_source(job) if source is None else source
    encoding = start_backfill(job, plan, progress, source)
    if encoding is None:
        return None
    with sparing(source):
        note_unchecked(encoding)
        if drift is None:
            return encoding
        if drift.new_codec_id is not None:
            marker = Marker("archive", drift.new_codec_id)
            claim(place(job.archive), marker, force=False, may_change_codec=True)
    return replace(encoding, codecs={one.partition: one.codec_id for one in drift.partitions})


def returned_failures(plan: BackfillPlan) -> tuple[FragmentFailure, ...]:
    """Return a failure for each file whose name belongs to one deleted after verification.

    The archive holds the only copy of the deleted one, so a person must decide.
    """
    root = source_root(plan.source)
    return tuple(
        FragmentFailure(one.relative, str(returned_error(root / one.relative)), False)
        for one in plan.fragments
        if one.state == "retired" and one.has_source and not one.is_selected
    )


def settle(
    job: CompressJob,
    verifying: DecodePlan | None,
    checked: Outcome,
    source: Source | None = None,
) -> Settled:
    """Set aside and note what failed verification, and delete the sources that may go.

    Raises:
        SourceError: the source can no longer be read.
    """
    # List the source again before deleting anything: its disk may have been unmounted.
    if source is None or job.retention.delete_source != "never":
        source = list_source(job)
    with sparing(source):
        return _settle(job, verifying, checked, source)


def _settle(
    job: CompressJob, verifying: DecodePlan | None, checked: Outcome, source: Source
) -> Settled:
    archive = place(job.archive)
    if not job.backfill.dry_run:
        forget_unchecked(archive, {result.relative for result in checked.results})
    if verifying is None:
        return Settled()
    checked = replace(checked, failures=_unsettled(job, checked.failures))
    damage = tuple(failure for failure in checked.failures if failure.is_damage)
    for failure in damage:
        set_aside(source.root, archive, failure)
    remember_failures(archive, source.fragments, replace(checked, failures=damage))
    if job.retention.delete_source == "never":
        return Settled(failures=checked.failures)
    formats = list(verifying.open_formats().values())
    features = formats[0].schema.features if formats else ()
    kept, withheld = _withhold(job, features, checked)
    retired, failures = retire_all(job, source, kept.results)
    return Settled(
        tuple(one.relative for one in retired),
        sum(one.size_bytes for one in retired),
        (*kept.failures, *failures, *withheld),
    )


def finish_compress(
    job: CompressJob,
    plan: BackfillPlan,
    drift: DriftReport | None,
    encoded: tuple[EncodePlan | None, Outcome],
    verified: tuple[DecodePlan | None, Outcome],
    settled: Settled,
    started: float,
    replaced: tuple[str, ...] = (),
) -> CompressReport:
    """Return the report; `started` is `time.monotonic()` when the run began."""
    encoding, written = encoded
    verifying, checked = verified
    failures = (*written.failures, *settled.failures)
    verify_job = VerifyJob(archive=job.archive, source=job.source)
    return CompressReport(
        plan=plan,
        drift=drift,
        encoded=None if encoding is None else encode_report(encoding, job.source, written, started),
        verified=None
        if verifying is None
        else verify_report(verify_job, verifying, checked, started),
        retired=settled.retired,
        retired_bytes=settled.retired_bytes,
        failures=(*_standing(job, plan, written), *_unsettled(job, failures)),
        seconds=time.monotonic() - started,
        intended=intention(job, plan) if job.backfill.dry_run else None,
        replaced=replaced,
    )


def _standing(
    job: CompressJob, plan: BackfillPlan, written: Outcome
) -> tuple[FragmentFailure, ...]:
    """Return failures that no step reports: each planned or deleted file is accounted for."""
    failures = (*returned_failures(plan), *_lost(place(job.archive)))
    if job.backfill.dry_run:
        return failures
    known = {one.relative for one in written.results} | {one.relative for one in written.failures}
    gone = (one.relative for one in plan.selected if one.relative not in known)
    vanished = tuple(
        FragmentFailure(relative, "gone from the source before it was encoded", False)
        for relative in gone
    )
    return (*failures, *_unsettled(job, vanished), *unfinished(job))


def _lost(archive: Path) -> tuple[FragmentFailure, ...]:
    """Return a failure for each fragment with a deleted source and a missing archive file."""
    return tuple(
        FragmentFailure(relative, "its source was deleted, and its archive file is gone", False)
        for relative in read_notes(archive, "retired")
        if not is_there(archive / relative)
    )


def _unsettled(
    job: CompressJob, failures: tuple[FragmentFailure, ...]
) -> tuple[FragmentFailure, ...]:
    """Return failures except those of fragments that another run verified and deleted meanwhile."""
    return tuple(
        failure
        for failure in failures
        if not is_retired(source_root(job.source), place(job.archive), failure.relative)
    )


def _withhold(
    job: CompressJob, features: Sequence[str], checked: Outcome
) -> tuple[Outcome, list[FragmentFailure]]:
    """Split an outcome: the fragments that keep their meaning, and failures for flattened ones."""
    kept: list[FragmentResult] = []
    withheld: list[FragmentFailure] = []
    for result in checked.results:
        try:
            check_meaning_kept(job.tolerance, features, result)
            kept.append(result)
        except AePipelineError as error:
            withheld.append(FragmentFailure(result.relative, f"not deleted: {error}", False))
    return replace(checked, results=tuple(kept)), withheld
