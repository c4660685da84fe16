"""Fit a features codec: measure the source, then train the autoencoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import TableSchema, fit_standardization
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source
from ae_pipeline.errors import ConfigError, NoFeatureColumnError, listing
from ae_pipeline.extras import require
from ae_pipeline.fitting.features.columns import learned_columns
from ae_pipeline.fitting.features.rare_values import with_lost_events
from ae_pipeline.fitting.latents import with_rounded_latents
from ae_pipeline.fitting.spreading import spread_row_groups
from ae_pipeline.fitting.start import codec_to_start_from, fit_key
from ae_pipeline.inputs import RowInputs
from ae_pipeline.results.progress import Progress

#: A text tells as much as so many other columns, when latents are counted.
_TEXT_COLUMNS = 64


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
    learned = learned_columns(job, source, progress)
    measured = learned.measured
    schema, statistics = measured.schema, measured.statistics
    previous = codec_to_start_from(job, schema, load_features_codec)
    if previous is None:
        standardization = fit_standardization(statistics, job.network.clip_sigma)
        inputs = learned.inputs(standardization)
        architecture = _architecture(job, inputs, schema)
    else:
        standardization, architecture = previous.standardization, previous.architecture
        inputs = replace(
            learned.inputs(standardization),
            categories=previous.categories,
            cycles=previous.cycles,
            texts=previous.texts,
        )
    # TensorFlow takes seconds to load, so only a fit that gets this far pays for it.
    from ae_pipeline.training.data import TrainingData  # noqa: PLC0415
    from ae_pipeline.training.fits import train_reconstruction  # noqa: PLC0415

    key = fit_key(job, source)
    data = TrainingData(
        measured.groups,
        schema.features,
        standardization,
        job.training,
        lanes=schema.lanes,
        inputs=inputs,
    )
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
        categories=inputs.categories,
        cycles=inputs.cycles,
        keeps_exact=True,
        texts=inputs.texts,
    )
    codec = with_rounded_latents(codec, job.latent, data)
    looked_at = spread_row_groups(measured.groups, job.statistics.max_rows)
    return with_lost_events(codec, statistics, looked_at)


def _architecture(job: JobConfig, inputs: RowInputs, schema: TableSchema) -> Architecture:
    """Return the network's widths for the columns that vary.

    Raises:
        NoFeatureColumnError: no column varies.
        ConfigError: the bottleneck is wider than the input.
    """
    n_inputs = inputs.n_inputs
    if n_inputs == 0:
        raise NoFeatureColumnError(
            "no feature column varies, or none in more than a few rows",
            where=str(job.source),
            got=listing(schema.features),
            remedy="name others with columns.feature",
        )
    n_columns = inputs.n_numbers + len(inputs.categories) + _TEXT_COLUMNS * len(inputs.texts)
    architecture = Architecture.from_config(job.network, n_inputs, n_columns)
    if architecture.latent_dim > n_inputs:
        raise ConfigError(
            "bottleneck wider than its input",
            where="network.latent_dim",
            expected=f"at most {n_inputs}, the feature columns that vary",
            got=str(architecture.latent_dim),
        )
    return architecture
