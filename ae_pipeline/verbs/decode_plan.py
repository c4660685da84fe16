"""The plan of a decode: its fragments, their codecs, and the source to compare with."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ae_pipeline.config.job import DecodeJob, VerifyJob
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.dataset import Fragment, Source, discover, find_source, sparing
from ae_pipeline.errors import (
    CodecError,
    CodecMismatchError,
    CorruptCodecError,
    CorruptFragmentError,
    listing,
)
from ae_pipeline.formats import FragmentFormat, open_format
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.lake import source_place
from ae_pipeline.locations import parse
from ae_pipeline.out_of_memory import is_out_of_memory, out_of_memory
from ae_pipeline.selection import of_partitions, select_fragments, select_part
from ae_pipeline.storage import (
    Extract,
    Marker,
    check_apart,
    check_distinct_names,
    claim,
    codec_directory,
    read_notes,
)
from ae_pipeline.store import place
from ae_pipeline.upkeep import footer_of

logger = logging.getLogger(__name__)


def plan_decode(job: DecodeJob) -> DecodePlan:
    """Find fragments and codecs, check the source, claim the destination.

    Raises:
        AePipelineError: the dataset, its codecs, the source or the destination cannot be used.
    """
    encoded, destination = job.archive or job.features or "", place(job.decoded)
    dataset = discover(encoded)
    source = _find_source(job.source, encoded)
    with sparing(source, dataset):
        for one in filter(None, (dataset, source)):
            check_apart(one, destination)
        plan = _plan(encoded, job, dataset, source)
        check_distinct_names(destination, plan.fragments)
        claim(destination, Marker("decoded", extract=_extract(plan)), job.execution.force)
    spared = (*plan.spared, *dataset.folders)
    return replace(plan, destination=job.decoded, spared=spared)


def plan_verify(job: VerifyJob, source: Source | None = None) -> DecodePlan:
    """Do as `plan_decode`, but plan no tables to write.

    Args:
        job: settings.
        source: its listing; None to list the one that the job names, if any.
    """
    source = _find_source(job.source, job.archive) if source is None else source
    return _plan(job.archive, job, discover(job.archive), source)


def _find_source(path: str | None, encoded: str) -> Source | None:
    if path is None:
        return None
    notes = read_notes(place(encoded), "retired")
    return find_source(path, retired_notes(notes, path), place(encoded))


def _extract(plan: DecodePlan) -> Extract:
    """Return what the decoded tables will hold, from the wanted columns and rows."""
    columns, groups = plan.part.columns, plan.part.row_groups
    everything = {name for one in plan.open_formats().values() for name in one.schema.arrow.names}
    return Extract(
        plan.encoded if parse(plan.encoded) else os.path.realpath(plan.encoded),
        None if columns is None or columns == everything else tuple(sorted(columns)),
        None if groups is None else tuple(sorted(set(groups))),
    )


def _plan(
    encoded: str, job: DecodeJob | VerifyJob, dataset: Source, source: Source | None
) -> DecodePlan:
    chosen = select_fragments(dataset, job.selection)
    notes = read_notes(place(encoded), "retired")
    retired = retired_notes(notes, job.source)
    codecs = _find_codecs(chosen, job.codec)
    plan = DecodePlan(
        encoded=encoded,
        fragments=chosen.fragments,
        destination=None,
        codecs={name: str(directory) for name, (directory, _) in codecs.items()},
        source=None if source is None else str(source.root),
        retired=retired,
        returned=frozenset(notes) - set(retired),
        spared=() if source is None else source.folders,
        absent=() if source is None else _absent(of_partitions(source, job.selection), dataset),
        opened={name: format for name, (_, format) in codecs.items()},
    )
    formats = list(plan.open_formats().values())
    if len({format.schema.features for format in formats}) > 1:
        raise CodecMismatchError(
            "fragments were encoded with codecs of different columns",
            where=encoded,
            got=", ".join(plan.codecs),
            remedy="remove the old fragments, or encode everything again with --force",
        )
    return _of_columns(plan, job.selection)


def _of_columns(plan: DecodePlan, selection: SelectionConfig) -> DecodePlan:
    """Narrow a plan to the wanted columns and the fragments that have at least one of them."""
    if not selection.columns:
        return replace(plan, part=select_part(selection, ()))
    formats = plan.open_formats()
    own = {fragment: _own_names(fragment, formats) for fragment in plan.fragments}
    names = dict.fromkeys(name for found in own.values() for name in found or ())
    part = select_part(selection, list(names))
    wanted = part.columns or frozenset()
    chosen = [one for one, found in own.items() if found is None or not wanted.isdisjoint(found)]
    if len(chosen) < len(own):
        left = [fragment.relative for fragment in own if fragment not in set(chosen)]
        logger.warning("%s: none of the columns is there; left out", listing(left))
    return replace(plan, part=part, fragments=tuple(chosen))


def _own_names(fragment: Fragment, formats: Mapping[str, FragmentFormat]) -> list[str] | None:
    """Return the columns that a fragment decodes to; None if unreadable: decoding reports why."""
    footer = footer_of(fragment.path, checks_sizes=False)
    if footer is None or footer.codec_id not in formats:
        return None
    try:
        names: list[str] = footer.source_schema(
            formats[footer.codec_id].schema, fragment.relative
        ).names
    except CorruptFragmentError:
        return None
    return names


def retired_notes(notes: Mapping[str, Mapping[str, str]], source: str | None) -> dict[str, str]:
    """Return the fragments whose source was deleted after verification and did not come back."""
    return {
        relative: note.get("archive_sha256", "")
        for relative, note in notes.items()
        if source is None or not (source_place(source) / relative).is_file()
    }


def _absent(source: Source, dataset: Source) -> tuple[str, ...]:
    """Return the source's fragments that the dataset lacks: deleting the source would lose them."""
    there = {fragment.relative for fragment in dataset.fragments}
    return tuple(one.relative for one in source.fragments if one.relative not in there)


def _find_codecs(dataset: Source, named: str | None) -> dict[str, tuple[Path, FragmentFormat]]:
    """Load the codec that was named, or those that the fragments name, by their ids."""
    if named is not None:
        format = open_format(place(named))
        return {format.codec_id: (place(named), format)}
    # Decoding reports damaged fragments one by one.
    found = (footer_of(fragment.path, checks_sizes=False) for fragment in dataset.fragments)
    footers = [footer for footer in found if footer is not None]
    if not footers:
        raise CorruptFragmentError(
            "not a dataset that ae-pipeline wrote",
            where=str(dataset.root),
            expected="features or an archive",
            remedy="name the folder that `ae-pipeline features` or `encode` wrote",
        )
    ids = dict.fromkeys(footer.codec_id for footer in footers)
    return loadable_codecs({name: codec_directory(dataset.root, name) for name in ids})


def loadable_codecs(directories: dict[str, Path]) -> dict[str, tuple[Path, FragmentFormat]]:
    """Load the codecs that exist; fragments of missing ones fail one by one."""
    found: dict[str, tuple[Path, FragmentFormat]] = {}
    complaint: CodecError | None = None
    for name, directory in directories.items():
        try:
            format = open_format(directory)
            _check_id(format.codec_id, name, directory)
        except CodecError as error:
            if is_out_of_memory(error):
                raise out_of_memory(str(directory)) from error
            complaint = error
        else:
            found[name] = directory, format
    if not found and complaint is not None:
        raise complaint
    return found


def _check_id(found: str, name: str, directory: Path) -> None:
    """Raise `CorruptCodecError` if a folder named after one codec holds another."""
    if found != name:
        raise CorruptCodecError(
            "codec of another id",
            where=str(directory),
            expected=name,
            got=found,
            remedy="restore it or encode again",
        )
