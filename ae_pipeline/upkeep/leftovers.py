"""Check that files which a forced encode leaves in place can be decoded with the new ones.

Files that the source no longer has stay where they are. Files of another kind of dataset, or with
other feature columns, cannot be decoded together with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.columns import resolve_roles
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment, Source, fittable, fragments_there, typical_schema
from ae_pipeline.errors import CodecError, DestinationExistsError, listing
from ae_pipeline.formats import FragmentFormat, open_format
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
    features = _features(job, source) if found is None else found.schema.features
    known: dict[str, tuple[str, ...] | None] = {}
    other = [
        one for one in staying if _features_of(one, destination, known) not in (None, features)
    ]
    if other:
        raise _refusal(destination, other, f"feature columns {listing(features)}", "others")


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


def _features(job: EncodeJob, source: Source) -> tuple[str, ...]:
    """Return the feature columns that a fit would choose."""
    schema = typical_schema(fittable(source, job.columns))
    roles = resolve_roles(schema, job.columns, job.source)
    return (roles if job.features is None else roles.without_vectors()).features


def _features_of(
    fragment: Fragment, destination: Path, known: dict[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """Return the feature columns of an encoded fragment, or None if they are not known.

    `known` caches them by codec id.
    """
    footer = footer_of(fragment.path)
    if footer is None:
        return None
    name = footer.codec_id
    if name not in known:
        try:
            known[name] = open_format(codec_directory(destination, name)).schema.features
        except CodecError:
            known[name] = None
    return known[name]
