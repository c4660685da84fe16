"""Plans that workers carry out: names and paths alone, so that they travel cheaply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ae_pipeline.config.effort import Effort
from ae_pipeline.dataset import Fragment
from ae_pipeline.formats import FragmentFormat, open_format
from ae_pipeline.storage import WHOLE, Part, codec_directory
from ae_pipeline.store import place


@dataclass(frozen=True)
class EncodePlan:
    """Work for encode: names and paths alone, so that it travels cheaply.

    Args:
        fragments: all fragments of the source.
        destination: dataset to write; the codec lies in it.
        codec_id: the codec to use.
        extra: footer entries that only this kind of dataset has.
        force: encode current fragments, too.
        retired: notes of sources that were deleted after verification, by fragment; their
            archive files are not replaced.
        codecs: ids of other codecs, by the partitions that use them.
        vanished: planned fragments that have since left the source.
        suspects: fragments whose last attempt or verification failed, whatever their footers say.
        accepts_changes: encode even columns that decode cannot write with their source's type.
        spared: folders of the whole source, in which nothing is written.
        effort: how hard blocks are made small.
        opened: codecs that were loaded, by their ids; they do not travel.
    """

    fragments: tuple[Fragment, ...]
    destination: str
    codec_id: str
    extra: Mapping[str, str]
    force: bool
    retired: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codecs: Mapping[str, str] = field(default_factory=dict)
    suspects: frozenset[str] = frozenset()
    vanished: tuple[str, ...] = ()
    accepts_changes: bool = False
    spared: tuple[str, ...] = ()
    effort: Effort = "small"
    opened: dict[str, FragmentFormat] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave out what can be loaded again."""
        return {**self.__dict__, "opened": {}}

    def codec_of(self, fragment: Fragment) -> str:
        """Return the id of the codec that a fragment gets."""
        return self.codecs.get(fragment.partition, self.codec_id)

    def open_formats(self) -> dict[str, FragmentFormat]:
        """Return every codec that a fragment gets, by its id; each is loaded once."""
        ids = dict.fromkeys(map(self.codec_of, self.fragments)) or {self.codec_id: None}
        for name in (name for name in ids if name not in self.opened):
            directory = codec_directory(place(self.destination), name)
            self.opened[name] = open_format(directory, self.extra)
        return {name: self.opened[name].with_effort(self.effort) for name in ids}


@dataclass(frozen=True)
class DecodePlan:
    """Work for decode: names and paths alone, so that it travels cheaply.

    Args:
        encoded: dataset to read.
        fragments: all fragments of the dataset.
        destination: folder for the reconstructed tables; None if they are only checked.
        codecs: directory of each codec by its id.
        source: root of the source to compare with, or None.
        part: columns and rows wanted of each fragment.
        retired: SHA-256 of each archive file whose source was deleted once it was verified.
        returned: deleted fragments whose names other files have now.
        promises: codecs whose tolerances fragments must keep, by fragment; their own if none.
        proves: record which bytes were compared, since a deletion may depend on it.
        spared: folders of the datasets that are only read; nothing is written in them.
        absent: fragments of the source that the dataset lacks.
        opened: codecs that were loaded, by their ids; they do not travel.
    """

    encoded: str
    fragments: tuple[Fragment, ...]
    destination: str | None
    codecs: dict[str, str]
    source: str | None
    part: Part = WHOLE
    retired: Mapping[str, str] = field(default_factory=dict)
    returned: frozenset[str] = frozenset()
    promises: Mapping[str, str] = field(default_factory=dict)
    proves: bool = False
    spared: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    opened: dict[str, FragmentFormat] = field(default_factory=dict, compare=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave out what can be loaded again."""
        return {**self.__dict__, "opened": {}}

    def open_formats(self) -> dict[str, FragmentFormat]:
        """Return every codec, by its id; each is loaded once."""
        for name in (name for name in self.codecs if name not in self.opened):
            self.opened[name] = open_format(place(self.codecs[name]))
        return {name: self.opened[name] for name in self.codecs}

    def read_paths(self) -> list[Path]:
        """Return the files that are read, the source's and the encoded ones."""
        roots = [] if self.source is None else [place(self.source)]
        originals = [root / fragment.relative for root in roots for fragment in self.fragments]
        return [*(fragment.path for fragment in self.fragments), *originals]
