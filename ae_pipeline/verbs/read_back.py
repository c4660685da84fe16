"""The read-back of a run: what it wrote, what a killed run wrote, and what may be deleted.

A run notes the names that it is about to write, and forgets them once they are read back. So the
next run knows what a killed one left.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.job import CompressJob, VerifyJob
from ae_pipeline.dataset import Fragment, Source, in_natural_order
from ae_pipeline.fragments import DecodePlan, EncodePlan
from ae_pipeline.results.backfill import BackfillPlan, PlannedFragment
from ae_pipeline.results.compress import Intention
from ae_pipeline.storage import codec_directory, read_notes, read_unchecked, remove_note, write_note
from ae_pipeline.store import is_there, place
from ae_pipeline.upkeep import source_root
from ae_pipeline.verbs.decode_plan import plan_verify
from ae_pipeline.work import Outcome


def note_unchecked(encoding: EncodePlan) -> None:
    """Note what is about to be written; `DestinationError` if the note cannot be written."""
    names = {fragment.relative: "" for fragment in encoding.fragments}
    if names:
        write_note(place(encoding.destination), "unchecked", secrets.token_hex(4), names)


def forget_unchecked(archive: Path, checked: Collection[str]) -> None:
    """Remove each note whose remaining files have all been read back."""
    for name, noted in read_notes(archive, "unchecked").items():
        left = (relative for relative in noted if relative not in checked)
        if not any((archive / relative).exists() for relative in left):
            remove_note(archive, "unchecked", name)


def plan_check(
    job: CompressJob,
    plan: BackfillPlan,
    encoding: EncodePlan | None,
    written: Outcome,
    source: Source | None = None,
) -> DecodePlan | None:
    """Plan what to read back, whether or not it still exists; None if there is nothing.

    Fragments must keep the tolerances of this run: another run may have written them meanwhile.

    Args:
        job: settings.
        plan: states found before anything was written.
        encoding: fragments that were to be written; None if there were none.
        written: outcome of writing them.
        source: the listing that the plan was made from; None to list it now.

    Raises:
        AePipelineError: the archive or its codecs cannot be used.
    """
    if job.backfill.dry_run:
        return None
    names = dict.fromkeys(one.relative for one in written.results)
    names |= dict.fromkeys(one.relative for one in _due(job, plan))
    names |= dict.fromkeys(_gone(job))
    if not names:
        return None
    verifying = plan_verify(VerifyJob(archive=job.archive, source=job.source), source)
    there = {one.relative: one for one in verifying.fragments}
    root = place(job.archive)
    chosen = [there.get(name) or Fragment(root / name, name, 0) for name in names]
    promises = _promises(chosen, plan, encoding)
    own = {name: str(codec_directory(root, name)) for name in promises.values()}
    return replace(
        verifying,
        fragments=in_natural_order(chosen),
        codecs={**own, **verifying.codecs},
        opened={**({} if encoding is None else encoding.opened), **verifying.opened},
        promises=promises,
        proves=job.retention.delete_source == "after_verify",
    )


def _promises(
    fragments: Sequence[Fragment], plan: BackfillPlan, encoding: EncodePlan | None
) -> dict[str, str]:
    """Return, by fragment, the codec of this run whose tolerances it must keep."""
    if encoding is not None:
        return {one.relative: encoding.codec_of(one) for one in fragments}
    return {one.relative: plan.codec_id for one in fragments if plan.codec_id is not None}


def intention(job: CompressJob, plan: BackfillPlan) -> Intention:
    """Return what a run would write, read back and delete if nothing failed."""
    checked = [*plan.selected, *_due(job, plan)]
    retired = [] if job.retention.delete_source == "never" else checked
    return Intention(
        encoded=tuple(one.relative for one in plan.selected),
        checked=tuple(one.relative for one in checked),
        retired=tuple(one.relative for one in retired),
        retired_bytes=sum(one.source_bytes for one in retired),
    )


def _due(job: CompressJob, plan: BackfillPlan) -> list[PlannedFragment]:
    """Return fragments that the archive already has, with any codec, and that must be read back."""
    there = [
        one
        for one in plan.fragments
        if one.state in ("current", "outdated") and not one.is_selected
    ]
    if job.retention.delete_source == "after_verify":
        return there
    unchecked = read_unchecked(place(job.archive))
    return [one for one in there if one.relative in unchecked]


def _gone(job: CompressJob) -> list[str]:
    """Return names that a killed run was writing and that archive and source both lack now."""
    archive, source = place(job.archive), source_root(job.source)
    names = read_unchecked(archive) - set(read_notes(archive, "retired"))
    places = (archive, source)
    return [n for n in sorted(names) if not any(is_there(place / n) for place in places)]
