"""Fit: measure the source, train the autoencoder, write the codec."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, TableSchema, fit_standardization, resolve_roles
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, list_row_groups, typical_schema
from ae_pipeline.errors import CodecMismatchError, ConfigError, NoFeatureColumnError, listing
from ae_pipeline.fitting.prepare import measure_source, spread
from ae_pipeline.fitting.rare_values import with_lost_events
from ae_pipeline.results.progress import Progress

#: Settings that shape a codec.
_SHAPING = {"columns", "statistics", "tolerance", "network", "planner", "training"}

logger = logging.getLogger(__name__)


def fit_codec(
    job: JobConfig, source: Source, checkpoint: Path, progress: Progress
) -> FeaturesCodec:
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
    from ae_pipeline.training.data import TrainingData  # noqa: PLC0415
    from ae_pipeline.training.fits import train_reconstruction  # noqa: PLC0415

    key = fit_key(job, source)
    data = TrainingData(groups, schema.features, standardization, job.training)
    start = None if previous is None else previous.weights
    result = train_reconstruction(architecture, job, data, checkpoint / key, progress, start)
    has_std = np.isfinite(statistics.std) & (statistics.std > 0)
    codec = FeaturesCodec(
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


def _previous_codec(job: JobConfig, schema: TableSchema) -> FeaturesCodec | None:
    if job.training.start_from is None:
        return None
    previous = load_features_codec(job.training.start_from)
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
        digest.update(source.fingerprint(fragment).encode())
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
