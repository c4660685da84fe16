"""The plan of some files of a job, made anew by each worker from the job and their names alone.

What the plan of the whole job has decided lies where all workers see it: the marker of the
destination, its codec, and notes.
"""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.dataset import Source, find_named
from ae_pipeline.errors import DestinationError
from ae_pipeline.formats import (
    FragmentFormat,
    check_kind_of_codec,
    destination_of,
    find_format,
    open_format,
)
from ae_pipeline.fragments import DecodePlan, EncodePlan
from ae_pipeline.storage import Part, codec_directory, read_marker, read_notes
from ae_pipeline.store import place
from ae_pipeline.upkeep import footer_of
from ae_pipeline.verbs.decode_plan import loadable_codecs, retired_notes
from ae_pipeline.verbs.encode_plan import plan_encode, returned_notes

_PLAN = "plan the job first, once for all workers"


def plan_encode_part(job: EncodeJob, files: list[str]) -> EncodePlan:
    """Plan to encode some files by the codec that lies in the destination; write nothing.

    Raises:
        ConfigError: a name is not that of a file of the source.
        DestinationError: the job was not planned.
        CodecError: the codec cannot be used.
    """
    destination = destination_of(job)
    source = find_named(job.source, files)
    format = find_format(job.model_copy(update={"codec": None}), destination)
    if format is None:
        raise DestinationError(
            "no codec was chosen for this dataset yet", where=str(destination), remedy=_PLAN
        )
    check_kind_of_codec(job, format)
    notes = {} if job.execution.force else read_notes(destination, "retired")
    return plan_encode(job, source, format, returned_notes(source, notes))


def plan_decode_part(job: DecodeJob, files: list[str]) -> DecodePlan:
    """Plan to decode some files to a folder that was claimed; write nothing.

    Args:
        job: settings; it selects columns by their names.
        files: names.

    Raises:
        ConfigError: a name is not that of a file of the dataset.
        DestinationError: the job was not planned.
        CodecError: none of the files has a codec that can be used.
    """
    if read_marker(place(job.decoded)) is None:
        raise DestinationError("nothing was decoded to it yet", where=job.decoded, remedy=_PLAN)
    encoded, columns = job.archive or job.features or "", job.selection.columns
    dataset = find_named(encoded, files)
    source = None if job.source is None else find_named(job.source, files)
    codecs = _codecs_of(dataset, job.codec)
    notes = read_notes(place(encoded), "retired")
    retired = retired_notes(notes, job.source)
    return DecodePlan(
        encoded=encoded,
        fragments=dataset.fragments,
        destination=job.decoded,
        codecs={name: str(directory) for name, (directory, _) in codecs.items()},
        source=None if source is None else str(source.root),
        part=Part(frozenset(columns) or None, job.selection.row_groups or None),
        retired=retired,
        returned=frozenset(notes) - set(retired),
        spared=(*dataset.folders, *(() if source is None else source.folders)),
        opened={name: format for name, (_, format) in codecs.items()},
    )


def _codecs_of(dataset: Source, named: str | None) -> dict[str, tuple[Path, FragmentFormat]]:
    """Load the codec that was named, or those that the files name; none for damaged files alone."""
    if named is not None:
        format = open_format(place(named))
        return {format.codec_id: (place(named), format)}
    footers = (footer_of(fragment.path, checks_sizes=False) for fragment in dataset.fragments)
    ids = dict.fromkeys(footer.codec_id for footer in footers if footer is not None)
    return loadable_codecs({name: codec_directory(dataset.root, name) for name in ids})
