"""One source fragment on its way to deletion: its two names, its archive file, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.dataset import Fragment, Seen, fingerprint
from ae_pipeline.errors import AePipelineError
from ae_pipeline.hidden_names import retiring_path
from ae_pipeline.protection import protecting
from ae_pipeline.publish import destination_errors, rename
from ae_pipeline.storage import remove_note
from ae_pipeline.store import is_there

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
