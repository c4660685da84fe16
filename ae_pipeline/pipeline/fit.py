"""Fit: measure the source, train the autoencoder, write the codec."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ae_pipeline.architecture import Architecture
from ae_pipeline.codec import CODEC_FILE, Codec, Provenance, load_codec, save_codec
from ae_pipeline.config import FitJob, JobConfig
from ae_pipeline.errors import (
    CodecError,
    CodecMismatchError,
    ConfigError,
    DestinationExistsError,
    NoFeatureColumnError,
    listing,
)
from ae_pipeline.pipeline.apart import sparing
from ae_pipeline.pipeline.destination import check_apart
from ae_pipeline.pipeline.listed import tell_ignored
from ae_pipeline.pipeline.measure import fittable, measure_source, spread, typical_schema
from ae_pipeline.pipeline.rare import with_lost_events
from ae_pipeline.publish import remove_tree
from ae_pipeline.results import FitResult, Progress, State, silent
from ae_pipeline.schema import TableSchema, resolve_roles
from ae_pipeline.source import Source, discover, fingerprint, list_row_groups
from ae_pipeline.standardization import Standardization, fit_standardization
from ae_pipeline.storage import read_marker

_CHECKPOINT_FOLDER = "checkpoint"
#: Settings that shape a codec.
_SHAPING = {"columns", "statistics", "tolerance", "network", "planner", "training"}

logger = logging.getLogger(__name__)


@sparing("source")
def fit(job: FitJob, progress: Progress = silent) -> FitResult:
    """Fit a codec and write it to `job.codec`; a current one is left alone.

    Raises:
        AePipelineError: of the source, the settings, the destination or training.
    """
    started = time.monotonic()
    source = discover(job.source)
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
    save_codec(codec, directory)
    remove_tree(checkpoint)
    return _result(codec, directory, "written", started)


def fit_codec(job: JobConfig, source: Source, checkpoint: Path, progress: Progress) -> Codec:
    """Measure and train; the state of training is kept in `checkpoint` until it is done.

    Args:
        job: settings.
        source: what is `fittable`.
        checkpoint: folder for the state of training.
        progress: told of measuring and training.

    Raises:
        SourceError: the source cannot be used.
        ConfigError: a setting does not suit it.
        TrainingError: the loss diverged.
    """
    schema = resolve_roles(typical_schema(source), job.columns, str(source.root))
    statistics, groups = measure_source(
        list_row_groups(source.fragments),
        schema.features,
        job.statistics.max_rows,
        job.training.seed,
        progress,
        str(source.root),
    )
    previous = _previous_codec(job, schema)
    if previous is None:
        standardization = fit_standardization(statistics, job.network.clip_sigma)
        architecture = _architecture(job, standardization, schema.features)
    else:
        standardization, architecture = previous.standardization, previous.architecture
    # TensorFlow takes seconds to load, so only a fit that gets this far pays for it.
    from ae_pipeline.training import TrainingData, train_reconstruction  # noqa: PLC0415

    key = fit_key(job, source)
    data = TrainingData(groups, schema.features, standardization, job.training)
    start = None if previous is None else previous.weights
    result = train_reconstruction(architecture, job, data, checkpoint / key, progress, start)
    has_std = np.isfinite(statistics.std) & (statistics.std > 0)
    codec = Codec(
        schema=schema,
        std=np.where(has_std, statistics.std, standardization.scale),
        standardization=standardization,
        architecture=architecture,
        weights=result.weights,
        provenance=Provenance(
            source=str(source.root),
            fit_key=key,
            n_rows=statistics.n_rows,
            training=result.summary,
            history=result.history,
        ),
    )
    return with_lost_events(codec, statistics, spread(groups, job.statistics.max_rows))


def check_same_columns(previous: TableSchema, schema: TableSchema, where: str) -> None:
    """Raise `CodecMismatchError` unless both have the same feature columns."""
    if previous.features != schema.features:
        raise CodecMismatchError(
            "codec to start from has other feature columns",
            where=where,
            expected=listing(schema.features),
            got=_other_columns(schema.features, previous.features),
            remedy="start from another codec, or from none",
        )


def _other_columns(expected: Sequence[str], got: Sequence[str]) -> str:
    missing = [f"{name} is missing" for name in expected if name not in got]
    other = [f"{name} is another one" for name in got if name not in expected]
    return listing([*missing, *other]) or "another order"


def _previous_codec(job: JobConfig, schema: TableSchema) -> Codec | None:
    if job.training.start_from is None:
        return None
    previous = load_codec(job.training.start_from)
    check_same_columns(previous.schema, schema, job.training.start_from)
    return previous


def fit_key(job: JobConfig, source: Source) -> str:
    """Hash of every setting and every byte of the source (by fingerprint) that shape a codec."""
    settings = job.model_dump(mode="json", include=_SHAPING)
    settings["training"].pop("checkpoint_s")
    settings["tolerance"] = job.tolerance.shaping()
    settings["columns"].pop("accept_changes")
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for fragment in source.fragments:
        digest.update(fingerprint(fragment).encode())
    return digest.hexdigest()[:32]


def _architecture(
    job: JobConfig, standardization: Standardization, features: tuple[str, ...]
) -> Architecture:
    """Widths for the columns that vary.

    Raises:
        NoFeatureColumnError: none does.
        ConfigError: the bottleneck is wider than the input.
    """
    n_inputs = standardization.n_inputs
    if n_inputs == 0:
        raise NoFeatureColumnError(
            "no feature column varies, or none in more than a few rows",
            where=str(job.source),
            got=listing(features),
            remedy="name others with columns.feature",
        )
    architecture = Architecture.from_config(job.network, n_inputs)
    if architecture.latent_dim > n_inputs:
        raise ConfigError(
            "bottleneck wider than its input",
            where="network.latent_dim",
            expected=f"at most {n_inputs}, the feature columns that vary",
            got=str(architecture.latent_dim),
        )
    return architecture


def _current_codec(job: FitJob, source: Source, directory: Path) -> Codec | None:
    """The codec in the directory if it came of the same fit; None if there is none to keep.

    Raises:
        DestinationExistsError: another codec is there.
    """
    if job.execution.force or not (directory / CODEC_FILE).exists():
        return None
    try:
        codec = load_codec(directory)
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


def _result(codec: Codec, directory: Path, state: State, started: float) -> FitResult:
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
