"""Fit: measure the source, train, write the codec to a folder of its own."""

from __future__ import annotations

import time
from pathlib import Path

from ae_pipeline.codec import holds_codec
from ae_pipeline.config.job import FitJob
from ae_pipeline.dataset import Source, discover, fittable, sparing, tell_ignored
from ae_pipeline.errors import CodecError, DestinationExistsError
from ae_pipeline.fitting import fit_key
from ae_pipeline.formats import FORMATS, FragmentFormat, open_format
from ae_pipeline.lake import visiting_places
from ae_pipeline.publish import remove_tree
from ae_pipeline.results.dataset import State
from ae_pipeline.results.fit import FitResult
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import check_apart, read_marker
from ae_pipeline.store import place

_CHECKPOINT_FOLDER = "checkpoint"


@visiting_places
def fit(job: FitJob, progress: Progress = silent) -> FitResult:
    """Fit a codec of the kind `job.codec_for` and write it to `job.codec`.

    A codec fitted to the same source with the same settings is left alone.

    Raises:
        AePipelineError: the source, settings or destination cannot be used, or training diverged.
    """
    started = time.monotonic()
    source = discover(job.source)
    with sparing(source):
        return _fit(job, source, progress, started)


def _fit(job: FitJob, source: Source, progress: Progress, started: float) -> FitResult:
    directory = place(job.codec)
    check_apart(source, directory)
    if read_marker(directory) is not None:
        raise DestinationExistsError(
            "a dataset is here",
            where=str(directory),
            remedy=f"choose another codec directory, or delete {directory} first",
        )
    tell_ignored(source, job.source)
    source = fittable(source, job.columns)
    current = _current(job, source, directory)
    if current is not None:
        return _result(current, directory, "current", started)
    checkpoint = directory / _CHECKPOINT_FOLDER
    format = FORMATS[job.codec_for].fit(job, source, checkpoint, progress, lambda: None)
    format.save(directory)
    remove_tree(checkpoint)
    return _result(format, directory, "written", started)


def _current(job: FitJob, source: Source, directory: Path) -> FragmentFormat | None:
    """Return the directory's codec if it came from the same fit; None if the directory has none.

    Raises:
        DestinationExistsError: another codec is there.
    """
    if job.execution.force or not holds_codec(directory):
        return None
    try:
        found: FragmentFormat | None = open_format(directory)
    except CodecError:
        found = None
    if found is not None and (found.kind, found.provenance.fit_key) == (
        job.codec_for,
        fit_key(job, source),
    ):
        return found
    raise DestinationExistsError(
        "another codec is here",
        where=str(directory),
        expected="none, or one fitted to this source with these settings",
        remedy="choose another directory, or --force to replace it",
    )


def _result(format: FragmentFormat, directory: Path, state: State, started: float) -> FitResult:
    architecture = format.architecture
    return FitResult(
        codec_id=format.codec_id,
        directory=str(directory),
        state=state,
        n_rows=format.provenance.n_rows,
        n_features=len(format.schema.features),
        n_constant=format.n_constant,
        latent_dim=0 if architecture is None else architecture.latent_dim,
        n_parameters=0 if architecture is None else architecture.n_parameters,
        training=format.provenance.training,
        seconds=time.monotonic() - started,
        warnings=format.warnings,
    )
