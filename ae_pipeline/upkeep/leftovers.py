"""Check that files which a forced encode leaves in place can be decoded with the new ones.

Files that the source no longer has stay where they are. Files of another kind of dataset, or with
other feature columns, cannot be decoded together with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source, fittable, fragments_there, typical_schema
from ae_pipeline.errors import CodecError, DestinationExistsError, listing
from ae_pipeline.formats import FragmentFormat, format_of, open_format
from ae_pipeline.storage import Kind, codec_directory, read_marker
from ae_pipeline.upkeep.footers import footer_of

_NAMED = 3


def check_leftovers(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, found: FragmentFormat | None
) -> None:
    """Check that files which would stay have the kind and feature columns of the new ones.

    Args:
        job: what to encode.
        kind: kind of dataset to write.
        source: its fragments are encoded.
        destination: root of the dataset to write.
        found: format to write with; None if a codec is to be fitted.

    Raises:
        DestinationExistsError: they differ.
    """
    marker = read_marker(destination)
    names = {fragment.relative for fragment in source.fragments}
    staying = [one for one in fragments_there(destination) if one.relative not in names]
    if marker is None or not staying:
        return
    if marker.kind != kind:
        raise _refusal(destination, staying, f"of {kind}", f"of {marker.kind}")
    known: dict[str, FragmentFormat | None] = {}
    formats = {one: _format_of(one, destination, known) for one in staying}
    wanted = {
        name: _features(job, source, theirs) if found is None else found.schema.features
        for name, theirs in known.items()
        if theirs is not None
    }
    other = [
        one
        for one, theirs in formats.items()
        if theirs is not None and theirs.schema.features != wanted[theirs.codec_id]
    ]
    if other:
        features = listing(next(iter(wanted.values())))
        raise _refusal(destination, other, f"feature columns {features}", "others")


def _refusal(
    destination: Path, staying: Sequence[Fragment], expected: str, got: str
) -> DestinationExistsError:
    return DestinationExistsError(
        f"{len(staying):,} of its files, which the source does not have, would stay, and do not go "
        "with the new ones",
        where=str(destination),
        expected=expected,
        got=f"{got} in {listing([one.relative for one in staying], _NAMED)}",
        remedy="choose another destination, or delete these files first: nothing else may have "
        "their rows",
    )


def _features(job: EncodeJob, source: Source, like: FragmentFormat) -> tuple[str, ...]:
    """Return the feature columns that a fit would choose, as far as those of a codec may tell."""
    schema = typical_schema(fittable(source, job.columns))
    return format_of(job).roles(schema, job, job.source, like.schema).features


def _format_of(
    fragment: Fragment, destination: Path, known: dict[str, FragmentFormat | None]
) -> FragmentFormat | None:
    """Return the format of an encoded fragment, or None if it is not known.

    `known` caches them by codec id.
    """
    footer = footer_of(fragment.path)
    if footer is None:
        return None
    name = footer.codec_id
    if name not in known:
        try:
            known[name] = open_format(codec_directory(destination, name))
        except CodecError:
            known[name] = None
    return known[name]
