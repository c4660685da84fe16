"""Remember which fragments failed and why, so that the next plan can say so."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.errors import AePipelineError
from ae_pipeline.pipeline.fragments import Outcome
from ae_pipeline.source import Fragment, fingerprint
from ae_pipeline.storage import read_notes, remove_note, write_note

logger = logging.getLogger(__name__)


def remember_failures(dataset: Path, fragments: Sequence[Fragment], outcome: Outcome) -> None:
    """Write a note for each failure, remove those of what has succeeded by now.

    A failure holds as long as the source fragment stays what it was.
    """
    by_name = {fragment.relative: fragment for fragment in fragments}
    known = read_notes(dataset, "failed")
    try:
        for failure in outcome.failures:
            note = {"message": failure.message, "source": _identity(by_name.get(failure.relative))}
            write_note(dataset, "failed", failure.relative, note)
        for result in outcome.results:
            if result.relative in known:
                remove_note(dataset, "failed", result.relative)
    except (AePipelineError, OSError) as error:  # a full disk has been told of already
        logger.warning("failures are not remembered: %s", error)


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
