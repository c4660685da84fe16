"""Fit a features codec: measure the source, then train the autoencoder."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, fit_standardization, resolve_roles
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, typical_schema
from ae_pipeline.errors import ConfigError, NoFeatureColumnError, listing
from ae_pipeline.extras import require
from ae_pipeline.fitting.latents import with_rounded_latents
from ae_pipeline.fitting.prepare import measure_for_fit
from ae_pipeline.fitting.rare_values import with_lost_events
from ae_pipeline.fitting.spreading import spread_row_groups
from ae_pipeline.fitting.start import codec_to_start_from, fit_key
from ae_pipeline.results.progress import Progress


def fit_codec(
    job: JobConfig, source: Source, checkpoint: Path, progress: Progress
) -> FeaturesCodec:
    """Measure and train; keep the state of training in `checkpoint` until it is done.

    Args:
        job: settings.
        source: fragments that are `fittable`.
        checkpoint: folder for the state of training.
        progress: called while measuring and training.

    Raises:
        SourceError: the source cannot be used.
        ConfigError: a setting does not suit the source.
        TrainingError: the loss diverged.
        MissingExtraError: the packages that train networks are not installed.
    """
    require("fitting a codec", "tensorflow", "keras")
    roles = resolve_roles(typical_schema(source), job.columns, source.label)
    roles = roles.without_vectors()
    measured = measure_for_fit(
        job, source, progress, max_rows=job.statistics.max_rows, schema=roles
    )
    schema, statistics = measured.schema, measured.statistics
    previous = codec_to_start_from(job, schema, load_features_codec)
    if previous is None:
        standardization = fit_standardization(statistics, job.network.clip_sigma)
        architecture = _architecture(job, standardization, schema.features)
    else:
        standardization, architecture = previous.standardization, previous.architecture
    # TensorFlow takes seconds to load, so only a fit that gets this far pays for it.
    from ae_pipeline.training.data import TrainingData  # noqa: PLC0415
    from ae_pipeline.training.fits import train_reconstruction  # noqa: PLC0415

    key = fit_key(job, source)
    data = TrainingData(measured.groups, schema.features, standardization, job.training)
    start = None if previous is None else previous.weights
    result = train_reconstruction(architecture, job, data, checkpoint / key, progress, start)
    codec = FeaturesCodec(
        schema=schema,
        std=measured.deviation(standardization),
        standardization=standardization,
        architecture=architecture,
        weights=result.weights,
        provenance=Provenance(
            source=measured.where,
            fit_key=key,
            n_rows=statistics.n_rows,
            training=result.summary,
            history=result.history,
        ),
    )
    codec = with_rounded_latents(codec, job.latent, data)
    looked_at = spread_row_groups(measured.groups, job.statistics.max_rows)
    return with_lost_events(codec, statistics, looked_at)


def _architecture(
    job: JobConfig, standardization: Standardization, features: tuple[str, ...]
) -> Architecture:
    """Return the network's widths for the columns that vary.

    Raises:
        NoFeatureColumnError: no column varies.
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
