"""One source fragment on its way to deletion: its two names, its archive file, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.dataset import Fragment, Seen, fingerprint, share_file_or_folder
from ae_pipeline.errors import AePipelineError, DestinationError, DestinationOverlapError
from ae_pipeline.hidden_names import retiring_path
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, rename
from ae_pipeline.results.dataset import Proof
from ae_pipeline.storage import remove_note
from ae_pipeline.store import Entry, find_present, is_remote, is_there
from ae_pipeline.upkeep.footers import footer_of

Note = Mapping[str, str]


@dataclass(frozen=True)
class Retirement:
    """Names of a fragment while it is retired.

    Args:
        source: root of the source, which may be a single file.
        archive: root of the archive.
        relative: path of the fragment below both.
    """

    source: Path
    archive: Path
    relative: str

    @property
    def path(self) -> Path:
        """Name of the source file before its deletion begins."""
        is_file = self.source.name == self.relative and not self.source.is_dir()
        return self.source if is_file else self.source / self.relative

    @property
    def hidden(self) -> Path:
        """Name of the source file during its deletion."""
        return retiring_path(self.path)

    @property
    def archived(self) -> Path:
        """The archive file that holds its rows."""
        return self.archive / self.relative

    def check_apart(self) -> None:
        """Raise `DestinationOverlapError` if both are one file, or lie in one folder."""
        is_one = self.path.parent == self.archived.parent
        if is_one or share_file_or_folder(self.path, self.archived):
            raise DestinationOverlapError(
                "source and archive are one folder or file, by a link or a mount",
                where=str(self.path),
                remedy="take the link or mount out of the archive",
            )

    def check_archive_file(self, proof: Proof) -> Seen | Entry:
        """Return the archive file at this moment; `DestinationError` unless it was compared."""
        present = find_present(self.archived) if is_remote(self.archived) else None
        if present is not None and present.entry.is_same(proof.archive_version):
            return present.entry
        seen = None if is_remote(self.archived) else seen_at(self.archived)
        if seen is not None and seen.sha256 == proof.archive_sha256:
            return seen
        raise DestinationError(
            "archive file changed since it was verified",
            where=str(self.archived),
            remedy="its source stays; run again",
        )

    def is_archive_still(self, found: Seen | Entry) -> bool:
        """Whether nobody has written to the archive file since, or replaced it."""
        if isinstance(found, Seen):
            return found.is_still(self.archived)
        present = find_present(self.archived)
        return present is not None and present.entry.is_same(found)

    def note(self, proof: Proof) -> dict[str, str]:
        """Return both notes of a deletion: which files were verified."""
        footer = footer_of(self.archived)
        return {
            "source": "" if footer is None else footer.source_fingerprint,
            "source_sha256": proof.source_sha256,
            "archive_sha256": proof.archive_sha256,
        }

    def give_back(self) -> None:
        """Undo the deletion: no note says so any more, and the hidden file has its name again.

        The `retired` note goes first: where the name is back, no note may say that it is gone. The
        `retiring` note goes last, since it tells where a hidden file lies. It stays where neither
        name exists: a disk that is not mounted now comes back with one of them.
        """
        if self.hidden.exists():
            remove_note(self.archive, "retired", self.relative)
            if not is_there(self.path):
                with destination_errors(self.path), protecting(None):
                    rename(self.hidden, self.path)
        if self.path.exists() and not self.hidden.exists():
            remove_note(self.archive, "retiring", self.relative)


def is_source_of(path: Path, relative: str, note: Note) -> bool:
    """Whether a file is the verified source; older notes hold a fingerprint only."""
    if "source_sha256" in note:
        return sha256_at(path) == note["source_sha256"]
    try:
        return fingerprint(Fragment(path, relative, path.stat().st_size)) == note.get("source")
    except (AePipelineError, OSError):
        return False


def sha256_at(path: Path) -> str | None:
    """SHA-256 of a file, or None if it does not exist; errors as `Seen.at` otherwise."""
    seen = seen_at(path)
    return None if seen is None else seen.sha256


def seen_at(path: Path) -> Seen | None:
    """The file at this moment, or None if it does not exist; errors as `Seen.at` otherwise."""
    return Seen.at(path) if path.exists() else None
