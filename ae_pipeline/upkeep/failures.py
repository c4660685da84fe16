"""Remember which fragments failed and why, so that the next plan can report it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ae_pipeline.dataset import Fragment, fingerprint
from ae_pipeline.errors import AePipelineError
from ae_pipeline.storage import read_notes, remove_note, write_note
from ae_pipeline.upkeep.footers import footer_of
from ae_pipeline.work import Outcome

logger = logging.getLogger(__name__)


def remember_failures(dataset: Path, fragments: Sequence[Fragment], outcome: Outcome) -> None:
    """Write a note for each failure, and remove the notes of fragments that have now succeeded.

    A note counts only while the source fragment has the fingerprint that failed.

    Args:
        dataset: root of the dataset that was written.
        fragments: fragments of the source.
        outcome: which of them failed and which succeeded.
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
    """Write a note for each damaged file, and remove the notes of files that are intact again.

    A file that belongs to another source, or could not be read, is not damaged.

    Args:
        dataset: root of the dataset that was verified.
        outcome: of verifying it.
        is_compared: files were compared with the source. A check without the source does not
            remove a note that a comparison wrote.
        is_whole: all columns and row groups were checked.
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
            if note and is_as_thorough and _is_about_same_source(note, dataset, relative):
                remove_note(dataset, "failed", relative)


def forget_retired(dataset: Path, outcome: Outcome) -> None:
    """Remove `retired` notes of fragments that were rewritten: they are not the verified files."""
    known = read_notes(dataset, "retired")
    for result in outcome.results:
        if result.state == "written" and result.relative in known:
            remove_note(dataset, "retired", result.relative)


@contextmanager
def _as_far_as_possible() -> Iterator[None]:
    """Turn errors into a warning: notes are hints, and a run does not depend on them."""
    try:
        yield
    except (AePipelineError, OSError) as error:  # the run has already reported a full disk
        logger.warning("failures are not remembered: %s", error)


def _is_about_same_source(note: Mapping[str, str], dataset: Path, relative: str) -> bool:
    return note.get("source") in ("", _source_of(dataset, relative))


def _source_of(dataset: Path, relative: str) -> str:
    """Return the fingerprint of the source of an encoded fragment, or "" if it is not known."""
    footer = footer_of(dataset / relative)
    return "" if footer is None else footer.source_fingerprint


def _identity(fragment: Fragment | None) -> str:
    """Return the fingerprint of a source fragment, or "" if there is none to read."""
    try:
        return "" if fragment is None else fingerprint(fragment)
    except (AePipelineError, OSError):
        return ""
