"""Encode: a source's fragments → features or archive, those that are missing or stale."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from ae_pipeline.config import EncodeJob
from ae_pipeline.errors import SourceChangedError, SourceDamagedError, SourceError, listing
from ae_pipeline.pipeline.accounting import fragment_bytes
from ae_pipeline.pipeline.apart import sparing_files
from ae_pipeline.pipeline.coders import check_schema, require_footer
from ae_pipeline.pipeline.encode_plan import EncodePlan, plan_encode
from ae_pipeline.pipeline.failures import forget_retired, remember_failures
from ae_pipeline.pipeline.forms import kept_form
from ae_pipeline.pipeline.fragments import Outcome, for_each_fragment
from ae_pipeline.pipeline.measure import fragment_schema
from ae_pipeline.pipeline.original import returned_error
from ae_pipeline.pipeline.orphans import known_orphans, orphan_warnings
from ae_pipeline.pipeline.proof import Seen
from ae_pipeline.pipeline.replacing import replacing
from ae_pipeline.pipeline.status import footer_of, is_only_copy
from ae_pipeline.pipeline.summary import summarize
from ae_pipeline.publish import publishing
from ae_pipeline.results import DatasetReport, FragmentResult, Progress, State, silent
from ae_pipeline.source import (
    Fragment,
    discover,
    fingerprint,
    open_fragment,
    pinned,
    with_int96_unit,
)
from ae_pipeline.storage import Coder, Footer, codec_directory

logger = logging.getLogger(__name__)


def encode(job: EncodeJob, progress: Progress = silent) -> DatasetReport:
    """Encode every fragment of the source; those that are current are left alone.

    Raises:
        AePipelineError: the job as a whole cannot run. Fragments that fail are in the report.
    """
    started = time.monotonic()
    plan = plan_encode(job, progress)
    outcome = encode_fragments(plan, job.execution.workers, progress)
    return finish_encode(job, plan, outcome, started)


def encode_fragments(plan: EncodePlan, workers: int, progress: Progress = silent) -> Outcome:
    """Encode the fragments of a plan in threads; failures are in the outcome."""
    work = partial(_encode_fragment, plan, plan.open_coders())
    with sparing_files(plan.spared, [fragment.path for fragment in plan.fragments]):
        outcome = for_each_fragment(
            plan.fragments, work, workers=workers, stage="encode", progress=progress
        )
        remember_failures(Path(plan.destination), plan.fragments, outcome)
        forget_retired(Path(plan.destination), outcome)
    return outcome


def finish_encode(
    job: EncodeJob, plan: EncodePlan, outcome: Outcome, started: float
) -> DatasetReport:
    """Sum up; `started` is `time.monotonic()` when the verb began."""
    report = encode_report(plan, job.source, outcome, started)
    return replace(report, warnings=(*report.warnings, *_orphans(job, plan)))


def encode_report(plan: EncodePlan, source: str, outcome: Outcome, started: float) -> DatasetReport:
    """A report of the fragments of a plan alone, whatever else the destination holds."""
    root = Path(plan.destination)
    codecs = {codec_directory(root, name): coder for name, coder in plan.open_coders().items()}
    report = summarize("encode", source, plan.destination, codecs, outcome, started)
    return replace(report, warnings=(*report.warnings, *_told_vanished(plan)))


def _told_vanished(plan: EncodePlan) -> tuple[str, ...]:
    """A warning for what was planned and could not be encoded, since it is gone."""
    if not plan.vanished:
        return ()
    n_gone = len(plan.vanished)
    files = "1 file is" if n_gone == 1 else f"{n_gone:,} files are"
    return (f"{files} gone from the source since the plan was made: {listing(plan.vanished)}",)


def _orphans(job: EncodeJob, plan: EncodePlan) -> tuple[str, ...]:
    """A warning for fragments of the destination that the source no longer has."""
    try:
        written = discover(plan.destination).fragments
    except SourceError:
        return ()
    return orphan_warnings(known_orphans(Path(plan.destination), written, job.source, ()))


def _encode_fragment(
    plan: EncodePlan, coders: Mapping[str, Coder], fragment: Fragment
) -> FragmentResult:
    """Encode one fragment unless what is there is current."""
    coder, path = coders[plan.codec_of(fragment)], Path(plan.destination) / fragment.relative
    fragment = pinned(fragment)
    identity = fingerprint(fragment)
    footer = Footer(coder.kind, coder.codec_id, identity, fragment.size_bytes, coder.extra)
    is_forced, found = plan.force or fragment.relative in plan.doubted, footer_of(path)
    if not is_forced and footer.is_same(found):
        return _result(coder, fragment, path, "current", ())
    retired = plan.retired.get(fragment.relative)
    if path.exists() and is_only_copy(found, identity, retired):
        raise returned_error(fragment.path)
    started = time.thread_time()
    seen = Seen.at(fragment.path)
    if not plan.force:
        _check_not_rotted(fragment, found, identity, seen)
    fragment = with_int96_unit(fragment)
    arrow = fragment_schema(fragment)
    check_schema(coder, arrow, fragment.relative)
    form, changes = kept_form(fragment, arrow, accepts_changes=plan.accepts_changes)
    footer = footer.with_schema(arrow, coder.schema).with_form(form, coder.schema)
    if coder.kind == "archive":
        footer = replace(footer, source_sha256=seen.sha256)
    with (
        replacing(Path(plan.destination), fragment.relative, fragment.path) as keep,
        publishing(path) as whole,
    ):
        warnings = (*changes, *coder.write(fragment, whole, footer, arrow))
        _check_unchanged(fragment, identity, seen)
        # Looked at before another run can put its own there.
        result = _result(coder, fragment, whole, "written", warnings)
        keep()
    logger.info(
        "encoded %s: %d rows, %d -> %d bytes (payload %d), %.2f CPU s",
        fragment.relative,
        result.n_rows,
        result.source_bytes,
        result.encoded_bytes,
        result.payload_bytes,
        time.thread_time() - started,
    )
    return result


def _check_unchanged(fragment: Fragment, identity: str, seen: Seen) -> None:
    """Raise `SourceChangedError` if what was read need not be what the footer names."""
    is_same = fingerprint(replace(fragment, identity=None)) == identity
    if not is_same or not seen.is_still(fragment.path):
        raise SourceChangedError(
            "source changed while it was encoded",
            where=str(fragment.path),
            remedy="run again once it is at rest",
        )


def _check_not_rotted(fragment: Fragment, found: Footer | None, identity: str, seen: Seen) -> None:
    """Raise `SourceDamagedError` if its bytes are others, and its fingerprint does not say so."""
    if (
        found is not None
        and found.source_fingerprint == identity
        and found.source_sha256 not in ("", seen.sha256)
    ):
        raise SourceDamagedError(
            "source has other bytes than when it was encoded, and the same fingerprint: it rotted, "
            "or was rewritten in place",
            where=str(fragment.path),
            expected=f"SHA-256 {found.source_sha256}",
            got=seen.sha256,
            remedy="restore it, or take it as it is with `encode --force`",
        )


def _result(
    coder: Coder, fragment: Fragment, path: Path, state: State, warnings: tuple[str, ...]
) -> FragmentResult:
    made = pinned(Fragment(path, fragment.relative, 0))
    with open_fragment(made) as file:
        metadata = file.metadata
    footer = require_footer(metadata, fragment)
    return FragmentResult(
        **vars(fragment_bytes(coder, metadata, footer, made)),
        relative=fragment.relative,
        partition=fragment.partition,
        state=state,
        n_rows=metadata.num_rows,
        warnings=warnings,
    )
