"""What a night reads back: what it wrote, what a killed one wrote, and whatever may be deleted.

A night notes the names that it is going to write, and forgets them once they were read back. So
the next one knows what a killed one left.
"""

from __future__ import annotations

import os
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
from ae_pipeline.upkeep import source_root
from ae_pipeline.verbs.decode_plan import plan_verify
from ae_pipeline.work import Outcome


def note_unchecked(encoding: EncodePlan) -> None:
    """Remember what is going to be written; `DestinationError` if the note cannot be."""
    names = {fragment.relative: "" for fragment in encoding.fragments}
    if names:
        write_note(Path(encoding.destination), "unchecked", secrets.token_hex(4), names)


def forget_unchecked(archive: Path, checked: Collection[str]) -> None:
    """Remove notes of which nothing is left that was not read back."""
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
    """What is to be read back, whether or not it is still there; None if nothing is.

    It is held to the tolerances of this run: another one may have written it meanwhile.

    Args:
        job: settings.
        plan: what was found before anything was written.
        encoding: what was to be written; None if nothing was.
        written: what was.
        source: as it was listed for the plan; None to list it.

    Raises:
        AePipelineError: of the archive or its codecs.
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
    root = Path(job.archive)
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
    """The codec of this run that each fragment is held to."""
    if encoding is not None:
        return {one.relative: encoding.codec_of(one) for one in fragments}
    return {one.relative: plan.codec_id for one in fragments if plan.codec_id is not None}


def intention(job: CompressJob, plan: BackfillPlan) -> Intention:
    """What a night would write, read back and delete, if nothing failed."""
    checked = [*plan.selected, *_due(job, plan)]
    retired = [] if job.retention.delete_source == "never" else checked
    return Intention(
        encoded=tuple(one.relative for one in plan.selected),
        checked=tuple(one.relative for one in checked),
        retired=tuple(one.relative for one in retired),
        retired_bytes=sum(one.source_bytes for one in retired),
    )


def _due(job: CompressJob, plan: BackfillPlan) -> list[PlannedFragment]:
    """What is there already, whatever its codec, and is to be read back all the same."""
    there = [
        one
        for one in plan.fragments
        if one.state in ("current", "outdated") and not one.is_selected
    ]
    if job.retention.delete_source == "after_verify":
        return there
    unchecked = read_unchecked(Path(job.archive))
    return [one for one in there if one.relative in unchecked]


def _gone(job: CompressJob) -> list[str]:
    """What a killed run had in hand and is neither in the archive nor in the source any more."""
    archive, source = Path(job.archive), source_root(job.source)
    names = read_unchecked(archive) - set(read_notes(archive, "retired"))
    places = (archive, source)
    return [n for n in sorted(names) if not any(os.path.lexists(place / n) for place in places)]
