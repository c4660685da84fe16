"""What a night reads back: what it wrote, what a killed one wrote, and whatever may be deleted.

A night notes the names that it is going to write, and forgets them once they were read back. So
what outlives a kill is known to the next one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config import CompressJob, VerifyJob
from ae_pipeline.pipeline.decode_plan import DecodePlan, plan_verify
from ae_pipeline.pipeline.encode_plan import EncodePlan
from ae_pipeline.pipeline.fragments import Outcome
from ae_pipeline.results import BackfillPlan, Intention, PlannedFragment
from ae_pipeline.storage import read_notes, remove_note, write_note


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


def plan_check(job: CompressJob, plan: BackfillPlan, written: Outcome) -> DecodePlan | None:
    """What is to be read back; None if nothing is.

    Raises:
        AePipelineError: of the archive or its codecs.
    """
    if job.backfill.dry_run:
        return None
    names = {one.relative for one in written.results}
    names |= {one.relative for one in _due(job, plan)}
    if not names:
        return None
    verifying = plan_verify(VerifyJob(archive=job.archive, source=job.source))
    chosen = [one for one in verifying.fragments if one.relative in names]
    return replace(verifying, fragments=tuple(chosen))


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
    noted = read_notes(Path(job.archive), "unchecked").values()
    unchecked = {relative for names in noted for relative in names}
    return [one for one in there if one.relative in unchecked]
