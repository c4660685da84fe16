"""Before decoding: which fragments, with which codecs, to be compared with what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.codec import load_codec
from ae_pipeline.config import DecodeJob
from ae_pipeline.errors import CorruptFragmentError, SourceError
from ae_pipeline.features import Footer, Marker, codec_directory, read_footer
from ae_pipeline.pipeline.destination import check_apart, claim
from ae_pipeline.source import Fragment, Source, discover, open_fragment


@dataclass(frozen=True)
class DecodePlan:
    """What a worker needs to decode fragments: names and paths, so that it travels cheaply.

    Args:
        fragments: all of the features dataset.
        destination: folder for the reconstructed tables.
        codecs: directory of each codec by its id.
        source: root of the source to compare with, or None.
    """

    fragments: tuple[Fragment, ...]
    destination: str
    codecs: dict[str, str]
    source: str | None


def plan_decode(job: DecodeJob) -> DecodePlan:
    """Find fragments and codecs, check the source, claim the destination.

    Raises:
        AePipelineError: of the dataset, its codecs, the source or the destination.
    """
    features = discover(job.features)
    destination = Path(job.decoded)
    check_apart(features, destination)
    root = None
    if job.source is not None:
        source = discover(job.source)
        check_apart(source, destination)
        root = str(source.root)
    codecs = _find_codecs(features, job.codec)
    claim(destination, Marker("decoded"), job.execution.force)
    return DecodePlan(features.fragments, job.decoded, codecs, root)


def _find_codecs(features: Source, named: str | None) -> dict[str, str]:
    """The codec that was named, or those that the fragments name; each was loaded once."""
    if named is not None:
        return {load_codec(named).id: named}
    footers = [footer for footer in map(_footer_or_none, features.fragments) if footer]
    if not footers:
        raise CorruptFragmentError(
            "not a features dataset",
            where=str(features.root),
            expected="files that encode wrote",
            remedy="name the folder that `ae-pipeline features` wrote",
        )
    ids = dict.fromkeys(footer.codec_id for footer in footers)
    directories = {name: codec_directory(features.root, name) for name in ids}
    for directory in directories.values():
        load_codec(directory)
    return {name: str(directory) for name, directory in directories.items()}


def _footer_or_none(fragment: Fragment) -> Footer | None:
    """Damaged fragments are told of one by one, when their turn comes."""
    try:
        with open_fragment(fragment) as file:
            return read_footer(file.metadata, fragment.relative)
    except (SourceError, OSError):
        return None
