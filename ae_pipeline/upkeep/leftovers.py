"""What a forced encode leaves of a former dataset: it must go with what is written.

Files that the source does not have any more stay where they are. Beside files of another kind, or
of other feature columns, they could not be decoded.
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
from ae_pipeline.upkeep.status import footer_of

_NAMED = 3


def check_leftovers(
    job: EncodeJob, kind: Kind, source: Source, destination: Path, found: FragmentFormat | None
) -> None:
    """Raise `DestinationExistsError` if files that would stay do not go with those to be written.

    Args:
        job: what to encode.
        kind: of what is written.
        source: fragments.
        destination: dataset to write.
        found: codec to write with; None if one is to be fitted.
    """
    marker = read_marker(destination)
    names = {fragment.relative for fragment in source.fragments}
    staying = [one for one in fragments_there(destination) if one.relative not in names]
    if marker is None or not staying:
        return
    if marker.kind != kind:
        raise _refused(destination, staying, f"of {kind}", f"of {marker.kind}")
    features = _features(job, source) if found is None else found.schema.features
    known: dict[str, tuple[str, ...] | None] = {}
    other = [
        one for one in staying if _features_of(one, destination, known) not in (None, features)
    ]
    if other:
        raise _refused(destination, other, f"feature columns {listing(features)}", "others")


def _refused(
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
    """Feature columns that a fit would give."""
    schema = typical_schema(fittable(source, job.columns))
    return resolve_roles(schema, job.columns, job.source).features


def _features_of(
    fragment: Fragment, destination: Path, known: dict[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """Feature columns that a fragment was encoded with; None if that cannot be told.

    Those of each codec are kept in `known`.
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
