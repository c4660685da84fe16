"""Remember which fragments failed and why, so that the next plan can say so."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ae_pipeline.dataset import Fragment, fingerprint
from ae_pipeline.errors import AePipelineError
from ae_pipeline.storage import read_notes, remove_note, write_note
from ae_pipeline.upkeep.status import footer_of
from ae_pipeline.work import Outcome

logger = logging.getLogger(__name__)


def remember_failures(dataset: Path, fragments: Sequence[Fragment], outcome: Outcome) -> None:
    """Write a note for each failure, remove those of what has succeeded by now.

    A failure holds as long as the source fragment stays what it was.
    """
    by_name = {fragment.relative: fragment for fragment in fragments}
    known = read_notes(dataset, "failed")
    with _as_far_as_possible():
        for failure in outcome.failures:
            note = {"message": failure.message, "source": _identity(by_name.get(failure.relative))}
            write_note(dataset, "failed", failure.relative, note)
        for result in outcome.results:
            if result.relative in known:
                remove_note(dataset, "failed", result.relative)


def remember_damage(dataset: Path, outcome: Outcome, is_compared: bool, is_whole: bool) -> None:
    """Write a note for each file that was found damaged, remove those of what is in order again.

    A file that is not its source's, or could not be looked at, is no damaged one.

    Args:
        dataset: what was verified.
        outcome: of verifying it.
        is_compared: with the source; a check without it does not take back what one with it found.
        is_whole: all columns and row groups were looked at.
    """
    known = read_notes(dataset, "failed")
    with _as_far_as_possible():
        for failure in outcome.failures:
            if failure.is_damage:
                note = {"message": failure.message, "source": _source_of(dataset, failure.relative)}
                compared = {"compared": "true"} if is_compared else {}
                write_note(dataset, "failed", failure.relative, {**note, **compared})
        for relative in (result.relative for result in outcome.results if is_whole):
            note = known.get(relative, {})
            is_as_thorough = is_compared or "compared" not in note
            if (
                note
                and is_as_thorough
                and note.get("source") in ("", _source_of(dataset, relative))
            ):
                remove_note(dataset, "failed", relative)


@contextmanager
def _as_far_as_possible() -> Iterator[None]:
    """Notes are hints: where they cannot be written, a warning says so."""
    try:
        yield
    except (AePipelineError, OSError) as error:  # a full disk has been told of already
        logger.warning("failures are not remembered: %s", error)


def _source_of(dataset: Path, relative: str) -> str:
    """Fingerprint of the source fragment that an encoded one was made from, if it can be told."""
    footer = footer_of(dataset / relative)
    return "" if footer is None else footer.source_fingerprint


def _identity(fragment: Fragment | None) -> str:
    try:
        return "" if fragment is None else fingerprint(fragment)
    except (AePipelineError, OSError):
        return ""


def forget_retired(dataset: Path, outcome: Outcome) -> None:
    """Fragments that were written anew are not the files that were verified any more."""
    known = read_notes(dataset, "retired")
    for result in outcome.results:
        if result.state == "written" and result.relative in known:
            remove_note(dataset, "retired", result.relative)
