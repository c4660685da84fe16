"""The dataset that a job reads: listed once, its fragments looked at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import pyarrow as pa

from ae_pipeline.dataset.fragment import Fragment, Identity
from ae_pipeline.dataset.identity import fingerprint, known_fingerprint
from ae_pipeline.dataset.opening import identity_at, pinned
from ae_pipeline.dataset.partial import fragment_schema
from ae_pipeline.errors import SourceNotFoundError, listing
from ae_pipeline.lake import View

HIDDEN = "hidden"

_Found = TypeVar("_Found")
#: A fragment, and what its file was on disk.
_File: TypeAlias = tuple[Fragment, Identity]


@dataclass(frozen=True)
class _Findings:
    """Schemas and fingerprints of files, each by its fragment and its identity on disk."""

    schemas: dict[_File, pa.Schema] = field(default_factory=dict)
    fingerprints: dict[_File, str] = field(default_factory=dict)

    def once(
        self, found: dict[_File, _Found], fragment: Fragment, read: Callable[[Fragment], _Found]
    ) -> _Found:
        """Return what was found of a file that is still the same, or read it."""
        try:
            file = (fragment, identity_at(fragment.path))
        except OSError:  # reading raises its own error
            return read(fragment)
        if file not in found:
            found[file] = read(fragment)
        return found[file]


@dataclass(frozen=True)
class Source:
    """A dataset: its root and its fragments, partition by partition, numbers ordered as numbers.

    Args:
        root: its folder.
        fragments: its files.
        ignored: other names there, each with the reason: `x.csv (not Parquet: ...)`.
        is_single_file: it is one file, whatever else is in its folder.
        table: view of the table that it is a snapshot of.
        findings: what was read of fragments; parts of a source share it.
    """

    root: Path
    fragments: tuple[Fragment, ...]
    ignored: tuple[str, ...] = ()
    is_single_file: bool = False
    table: View | None = None
    findings: _Findings = field(default_factory=_Findings, compare=False, repr=False)

    def schema(self, fragment: Fragment) -> pa.Schema:
        """Return the Arrow schema of a fragment, read once; errors as `fragment_schema`."""
        return self.findings.once(self.findings.schemas, fragment, fragment_schema)

    def fingerprint(self, fragment: Fragment) -> str:
        """Return the fingerprint of a fragment, taken once; errors as `fingerprint`.

        Whoever writes what a fragment holds takes a fresh one after writing.
        """
        known = known_fingerprint(fragment)
        return known or self.findings.once(self.findings.fingerprints, fragment, fingerprint)

    @property
    def label(self) -> str:
        """The root, or the name of the table with its version, for messages and provenance."""
        return str(self.root if self.table is None else self.table.name)

    @property
    def folders(self) -> tuple[str, ...]:
        """Root and partitions, which may be mounted elsewhere; none for a single file.

        Of a table, its own folder, too.
        """
        folders: dict[str, None] = {}
        if self.table is not None:
            folders[os.fspath(self.table.table)] = None
        if not self.is_single_file:
            folders[os.fspath(self.root)] = None
            for partition in dict.fromkeys(Path(one.relative).parent for one in self.fragments):
                for part in (partition, *partition.parents):
                    folders[os.fspath(self.root / part)] = None
        return tuple(folders)

    @property
    def size_bytes(self) -> int:
        """Bytes of all fragments as stored."""
        return sum(fragment.size_bytes for fragment in self.fragments)

    @property
    def n_ignored(self) -> int:
        """Number of names that are no fragments; a hidden folder is one."""
        return len(self.ignored)

    @property
    def ignored_line(self) -> str:
        """`3 files ignored: x.csv (not Parquet: no PAR1), _SUCCESS (hidden), ...`; or nothing."""
        if not self.ignored:
            return ""
        return f"{count_ignored(self.ignored)} ignored: {listing(self.ignored)}"


def count_ignored(ignored: Sequence[str]) -> str:
    """Return `1 file`, `3 files` or `3 files and folders`."""
    has_folder = any(name.endswith(f"/ ({HIDDEN})") for name in ignored)
    files = "files and folders" if has_folder else "file" if len(ignored) == 1 else "files"
    return f"{len(ignored)} {files}"


def pinned_source(source: Source) -> Source:
    """A dataset of pinned fragments; those that cannot be are left for reading to complain of."""
    return replace(source, fragments=tuple(map(_pinned_if_there, source.fragments)))


def _pinned_if_there(fragment: Fragment) -> Fragment:
    try:
        return pinned(fragment)
    except (SourceNotFoundError, OSError):
        return fragment


def describe_ignored(path: Path, root: Path, reason: str, name: str = "") -> str:
    """Return a name and why it is no fragment, in characters that can be printed."""
    relative = path.relative_to(root).as_posix()
    relative = "/".join(part for part in (relative, name) if part not in ("", "."))
    return f"{relative.encode(errors='backslashreplace').decode()} ({reason})"
