"""Fit: measure the source, train the autoencoder, write the codec."""

from __future__ import annotations

import time
from pathlib import Path

from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec, save_features_codec
from ae_pipeline.config.job import FitJob
from ae_pipeline.dataset import Source, discover, fittable, sparing, tell_ignored
from ae_pipeline.errors import CodecError, DestinationExistsError
from ae_pipeline.fitting import fit_codec, fit_key
from ae_pipeline.publish import remove_tree
from ae_pipeline.results.dataset import State
from ae_pipeline.results.fit import FitResult
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import check_apart, read_marker

_CHECKPOINT_FOLDER = "checkpoint"


def fit(job: FitJob, progress: Progress = silent) -> FitResult:
    """Fit a codec and write it to `job.codec`; a current one is left alone.

    Raises:
        AePipelineError: of the source, the settings, the destination or training.
    """
    started = time.monotonic()
    source = discover(job.source)
    with sparing(source):
        return _fit(job, source, progress, started)


def _fit(job: FitJob, source: Source, progress: Progress, started: float) -> FitResult:
    directory = Path(job.codec)
    check_apart(source, directory)
    if read_marker(directory) is not None:
        raise DestinationExistsError(
            "a dataset is here",
            where=str(directory),
            remedy=f"choose another codec directory, or delete {directory} first",
        )
    tell_ignored(source, job.source)
    source = fittable(source, job.columns)
    current = _current_codec(job, source, directory)
    if current is not None:
        return _result(current, directory, "current", started)
    checkpoint = directory / _CHECKPOINT_FOLDER
    codec = fit_codec(job, source, checkpoint, progress)
    save_features_codec(codec, directory)
    remove_tree(checkpoint)
    return _result(codec, directory, "written", started)


def _current_codec(job: FitJob, source: Source, directory: Path) -> FeaturesCodec | None:
    """The codec in the directory if it came of the same fit; None if there is none to keep.

    Raises:
        DestinationExistsError: another codec is there.
    """
    if job.execution.force or not (directory / CODEC_FILE).exists():
        return None
    try:
        codec = load_features_codec(directory)
    except CodecError:
        codec = None
    if codec is not None and codec.provenance.fit_key == fit_key(job, source):
        return codec
    raise DestinationExistsError(
        "another codec is here",
        where=str(directory),
        expected="none, or one fitted to this source with these settings",
        remedy="choose another directory, or --force to replace it",
    )


def _result(codec: FeaturesCodec, directory: Path, state: State, started: float) -> FitResult:
    training = codec.provenance.training
    return FitResult(
        codec_id=codec.id,
        directory=str(directory),
        state=state,
        n_rows=codec.provenance.n_rows,
        n_features=len(codec.schema.features),
        n_constant=int(codec.standardization.is_constant.sum()),
        latent_dim=codec.latent_dim,
        n_parameters=codec.architecture.n_parameters,
        training=training,
        seconds=time.monotonic() - started,
        warnings=tuple(map(str, codec.provenance.rare)),
    )
