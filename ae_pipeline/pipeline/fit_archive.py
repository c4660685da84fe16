"""Fit an archive's codec: tolerances, grids, and a network if it earns its own bytes."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.architecture import Architecture
from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.codec import ArchiveCodec, ArchiveNetwork, Provenance, model_bytes
from ae_pipeline.config import JobConfig, TrainingConfig
from ae_pipeline.pipeline.fit import fit_key
from ae_pipeline.pipeline.measure import common_schema, measure_source
from ae_pipeline.results import Progress, TrainingSummary
from ae_pipeline.schema import resolve_roles
from ae_pipeline.source import RowGroup, Source, list_row_groups, read_records, rebatch
from ae_pipeline.standardization import Standardization, fit_standardization
from ae_pipeline.statistics import ColumnStatistics
from ae_pipeline.tolerance import resolve_tolerances

logger = logging.getLogger(__name__)

_UNTRAINED = TrainingSummary(0, 0, "no network", 0, 0.0, 0.0)
#: Components with less deviation than this many tolerance units are not worth a code.
_LEAST_DEVIATION = 0.35
_MOST_LATENTS = 32
_HIDDEN = (64,)
#: What the rate objective wants where the settings say nothing.
_RATE_DEFAULTS = {"learning_rate": 5e-3, "max_steps": 40_000}
#: Row groups on which the network must beat direct coding.
_TRIAL_GROUPS = 8


def fit_archive_codec(
    job: JobConfig, source: Source, checkpoint: Path, progress: Progress
) -> ArchiveCodec:
    """Measure, resolve tolerances, train, and keep the network only if it saves bytes.

    Raises:
        SourceError: the source cannot be used.
        ConfigError: a setting does not suit it.
        TrainingError: the loss diverged.
    """
    schema = resolve_roles(common_schema(source), job.columns, str(source.root))
    groups = list_row_groups(source.fragments)
    seed, where = job.training.seed, str(source.root)
    statistics = measure_source(groups, schema.features, None, seed, progress, where)
    tolerance = resolve_tolerances(job.tolerance, schema, statistics)
    measured = fit_standardization(statistics, job.network.clip_sigma)
    direct = ArchiveCodec(
        schema=schema,
        offset=_offset(measured.center, tolerance),
        tolerance=tolerance,
        std=_deviation(statistics, measured),
        network=None,
        provenance=Provenance(
            source=where,
            fit_key=fit_key(job, source),
            n_rows=statistics.n_rows,
            training=_UNTRAINED,
            tolerance=job.tolerance.model_dump(mode="json"),
        ),
    )
    seen = replace(measured, scale=np.where(tolerance > 0, measured.scale, 0.0))
    if seen.n_inputs < 2:  # nothing to depend on
        return direct
    trained = _train(job, direct, seen, groups, checkpoint, progress)
    return _better(direct, trained, groups)


def _train(
    job: JobConfig,
    direct: ArchiveCodec,
    seen: Standardization,
    groups: list[RowGroup],
    checkpoint: Path,
    progress: Progress,
) -> ArchiveCodec:
    """The same codec with a network."""
    # TensorFlow takes seconds to load, so only a fit that gets this far pays for it.
    from ae_pipeline.training import TrainingData, train_rate  # noqa: PLC0415

    tuned = job.model_copy(update={"training": _rate_settings(job.training)})
    window, chosen = job.network.window, ~seen.is_constant
    data = TrainingData(groups, direct.schema.features, seen, tuned.training, window)
    gain = np.tile(seen.scale[chosen] / (2.0 * direct.tolerance[chosen]), window)
    architecture = _architecture(job, data.sample.matrix(0) * gain.astype(np.float32))
    directory = checkpoint / direct.provenance.fit_key
    result = train_rate(architecture, gain, tuned, data, directory, progress)
    # Trained around the centre, applied around the offset of the grid.
    shift = (seen.center - direct.offset)[chosen] / (2.0 * direct.tolerance[chosen])
    bias = (result.decoder.output_bias + np.tile(shift, window)).astype(np.float32)
    decoder = replace(result.decoder, output_bias=bias)
    network = ArchiveNetwork(seen, window, architecture, result.encoder, result.code_step, decoder)
    training = result.training
    provenance = replace(direct.provenance, training=training.summary, history=training.history)
    return replace(direct, network=network.as_stored(), provenance=provenance)


def _architecture(job: JobConfig, units: Float32[np.ndarray, "rows inputs"]) -> Architecture:
    """Widths: what the settings say, or as many latents as components stand out of the grid."""
    network = job.network
    given = network.model_fields_set
    covariance = np.cov(np.nan_to_num(units.astype(np.float64)), rowvar=False)
    deviations = np.sqrt(np.maximum(np.linalg.eigvalsh(np.atleast_2d(covariance)), 0.0))
    n_latents = int(np.clip((deviations > _LEAST_DEVIATION).sum(), 1, _MOST_LATENTS))
    encoder, decoder = network.widths() if "encoder_hidden" in given else (_HIDDEN, _HIDDEN)
    return Architecture(
        n_inputs=units.shape[1],
        latent_dim=min(network.latent_dim or n_latents, units.shape[1]),
        encoder_hidden=encoder,
        decoder_hidden=decoder[:1] or _HIDDEN,
        activation=network.activation,
        design="residual",
    )


def _rate_settings(config: TrainingConfig) -> TrainingConfig:
    missing = {k: v for k, v in _RATE_DEFAULTS.items() if k not in config.model_fields_set}
    return config.model_copy(update=missing)


def _better(direct: ArchiveCodec, trained: ArchiveCodec, groups: list[RowGroup]) -> ArchiveCodec:
    """By real bytes of sample blocks, scaled to the source, the model's own bytes included."""
    step = max(1, len(groups) // _TRIAL_GROUPS)
    sampled = groups[::step]
    n_all = sum(group.n_rows for group in groups)
    share = n_all / max(sum(group.n_rows for group in sampled), 1)
    plain, learned = (_payload_bytes(codec, sampled) * share for codec in (direct, trained))
    model = model_bytes(trained)
    logger.info("direct %.0f bytes, with network %.0f and %d of its own", plain, learned, model)
    return trained if learned + model < plain else direct


def _payload_bytes(codec: ArchiveCodec, groups: list[RowGroup]) -> int:
    n_rows = ArchiveCoder(codec).block_rows
    return sum(
        len(codec.encode(records).to_bytes())
        for group in groups
        for records in rebatch(
            read_records(group.fragment, n_rows, codec.schema.features, [group.index]), n_rows
        )
    )


def _offset(
    center: Float64[np.ndarray, "features"], tolerance: Float64[np.ndarray, "features"]
) -> Float64[np.ndarray, "features"]:
    """The multiple of the cell nearest to the centre: values that are decimals fall on few cells,
    and a grid through zero keeps them there.
    """  # noqa: D205
    cell = np.where(tolerance > 0, 2.0 * tolerance, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        snapped = np.rint(center / cell) * cell
    return np.nan_to_num(np.where(np.isfinite(snapped), snapped, center))


def _deviation(
    statistics: ColumnStatistics, standardization: Standardization
) -> Float64[np.ndarray, "features"]:
    has_std = np.isfinite(statistics.std) & (statistics.std > 0)
    return np.where(has_std, statistics.std, standardization.scale)
