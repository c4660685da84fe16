"""Claim a folder to write a dataset to, without touching the files of others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ae_pipeline.dataset import Source, refuse_inside_table
from ae_pipeline.errors import (
    DestinationExistsError,
    DestinationOverlapError,
    TableFormatError,
    UnwritableDestinationError,
    listing,
)
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.protection import node_of, nodes_above
from ae_pipeline.publish import destination_errors, make_folders
from ae_pipeline.storage.layout import (
    Extract,
    Kind,
    Marker,
    read_marker,
    write_marker,
)
from ae_pipeline.storage.private import PRIVATE_FOLDER, forget_former, make_beside
from ae_pipeline.store import is_remote

#: Kinds of dataset whose files others read as they are.
_READ_BY_FOLDER: frozenset[Kind] = frozenset({"decoded", "features"})


def check_apart(source: Source, destination: Path) -> None:
    """Raise `DestinationOverlapError` if source or destination lies inside the other.

    So does a destination in a table with a log: its upkeep deletes files that it does not know.
    """
    folder = source.root if source.table is None else source.table.table
    root, target = node_of(folder), node_of(destination)
    # Compared by device and inode: mounts give one folder several names.
    is_around = target is not None and target in nodes_above(folder)
    is_inside = root is not None and root in nodes_above(destination) and not source.is_single_file
    if is_inside or is_around:
        raise DestinationOverlapError(
            "destination and source overlap",
            where=str(destination),
            expected=f"a folder apart from {folder}",
            remedy="choose another destination",
        )
    if is_remote(destination):  # above which nothing was listed
        return
    try:
        refuse_inside_table(destination)
    except TableFormatError as error:
        raise DestinationOverlapError(
            "destination lies in a table that another program keeps",
            where=str(destination),
            got=f"{error.what}: {error.where}",
            remedy="choose another destination",
        ) from error


def claim(destination: Path, marker: Marker, force: bool, may_change_codec: bool = False) -> None:
    """Make and mark the folder, unless it has this marker already; errors as `check_claim`.

    The codec that a marker names must be saved before: a kill can come in between.
    """
    if check_claim(destination, marker, force, may_change_codec) != marker:
        write_marker(destination, marker)


def check_claim(
    destination: Path, marker: Marker, force: bool, may_change_codec: bool = False
) -> Marker | None:
    """Make the folder and check that it may be marked; return the marker that it has.

    Args:
        destination: folder to write to.
        marker: to give it.
        force: accept other content; yet decode never writes over features or an archive.
        may_change_codec: accept fragments of another codec; each names its own.

    Raises:
        DestinationExistsError: the folder holds something else and `force` is off.
        UnwritableDestinationError: it is a file, or cannot be written.
    """
    with destination_errors(destination):
        if destination.exists() and not destination.is_dir():
            raise UnwritableDestinationError(
                "destination is not a folder", where=str(destination), remedy="choose another one"
            )
        is_gone = marker.kind == "decoded" or not destination.exists()
        if is_gone and marker.kind in _READ_BY_FOLDER:
            forget_former(destination)
        make_folders(destination)
        found = read_marker(destination)
        if not force:
            _check_own(destination, found, marker)
        elif marker.extract is not None and found is not None:
            check_kind(destination, found, marker.kind)  # its files would be lost
        if not (force or may_change_codec):
            _check_codec(destination, found, marker)
        if found is None and marker.kind in _READ_BY_FOLDER:
            make_beside(destination)
    return found


def _check_own(destination: Path, found: Marker | None, wanted: Marker) -> None:
    # A run killed before it could mark the folder leaves the private folder and half files.
    foreign = (
        path
        for path in destination.iterdir()
        if path.name != PRIVATE_FOLDER and not is_temporary(path.name)
    )
    if found is None and any(foreign):
        raise DestinationExistsError(
            "destination holds files that were not written by ae-pipeline",
            where=str(destination),
            expected="a new or empty folder",
            remedy=f"choose another destination, bring {destination.name}.ae along if a dataset "
            "was moved here, or --force to write among them",
        )
    check_kind(destination, found, wanted.kind)
    if found is not None and found.extract is not None and wanted.extract is not None:
        _check_extract(destination, found.extract, wanted.extract)


def _check_extract(destination: Path, found: Extract, wanted: Extract) -> None:
    """Raise `DestinationExistsError` if the tables there are not those to be written."""
    for what, has, gets in (
        ("tables of another dataset", found.encoded, wanted.encoded),
        ("other columns of it", found.columns, wanted.columns),
        ("other row groups of it", found.row_groups, wanted.row_groups),
    ):
        if has != gets:
            raise DestinationExistsError(
                f"destination holds {what}",
                where=str(destination),
                expected=_described(has),
                got=_described(gets),
                remedy="decode to another folder, or --force to write over them",
            )


def _described(chosen: str | Sequence[object] | None) -> str:
    if isinstance(chosen, str):
        return chosen
    return "all" if chosen is None else listing(chosen)


def check_kind(destination: Path, found: Marker | None, kind: Kind) -> None:
    """Raise `DestinationExistsError` if the folder holds a dataset of another kind."""
    if found is not None and found.kind != kind:
        raise DestinationExistsError(
            "destination is another kind of dataset",
            where=str(destination),
            expected=kind,
            got=found.kind,
            remedy=f"choose another destination, or delete {destination} first",
        )


def _check_codec(destination: Path, found: Marker | None, wanted: Marker) -> None:
    if found is not None and found.codec_id not in (None, wanted.codec_id):
        raise DestinationExistsError(
            "destination was encoded with another codec",
            where=str(destination),
            expected=str(found.codec_id),
            got=str(wanted.codec_id),
            remedy="use that codec, --force to encode everything again, or `backfill` to go on "
            "with the new one",
        )
