"""Verbs for latent features: fit a codec, write features."""

from __future__ import annotations

from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running import following
from ae_pipeline.cli.running.jobs import read_job
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.show import show
from ae_pipeline.config.job import EncodeJob, FitJob
from ae_pipeline.verbs import encode as encode_dataset
from ae_pipeline.verbs import fit as fit_dataset


def fit(
    source: options.Source = None,
    codec: Annotated[
        str | None, typer.Option(metavar="DIR", help="Codec directory to write.")
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    latent_dim: options.LatentDim = None,
    hidden: options.Hidden = None,
    activation: options.ActivationName = None,
    epochs: options.Epochs = None,
    loss_threshold: options.LossThreshold = None,
    seed: options.Seed = None,
    start_from: options.StartFrom = None,
    codec_for: options.CodecFor = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    force: options.ForceFit = False,
    as_json: options.Json = False,
) -> None:
    """Train an autoencoder on SOURCE and write the codec to DIR.

    Float columns become features; all other columns are kept. A killed fit resumes from its last
    checkpoint, and a current codec is left alone.

    Example: ae-pipeline fit sales/ --codec codecs/sales --latent-dim 4
    """
    overrides = options.settings(
        setting,
        source=source,
        codec=codec,
        network__latent_dim=latent_dim,
        network__encoder_hidden=options.widths(hidden),
        network__activation=activation,
        training__epochs=epochs,
        training__loss_threshold=loss_threshold,
        training__seed=seed,
        training__start_from=start_from,
        codec_for=codec_for,
        columns__keep=keep,
        columns__feature=feature,
        execution__force=force,
    )
    job = read_job(FitJob, config, overrides)
    with showing_progress() as progress:
        result = fit_dataset(job, progress)
    show(result, as_json, following.fit(job))


def features(
    source: options.Source = None,
    dest: Annotated[
        str | None, typer.Argument(metavar="DEST", help="Features dataset to write.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Codec to use. Default: DEST's own, or a new fit."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    latent_dim: options.LatentDim = None,
    epochs: options.Epochs = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    with_error: Annotated[
        bool, typer.Option("--with-error", help="Also write how odd each row is: its error.")
    ] = False,
    workers: options.Workers = None,
    accept_changes: options.AcceptChanges = False,
    force: options.ForceEncode = False,
    as_json: options.Json = False,
) -> None:
    """Write the latent vector of every row of SOURCE to DEST, next to the kept columns.

    Writes one file per source file, at the same path. Run it again after a kill, or when SOURCE
    has grown, to encode only what is missing or stale.

    Example: ae-pipeline features sales/ sales_features/ --codec codecs/sales
    """
    overrides = options.settings(
        setting,
        source=source,
        features=dest,
        codec=codec,
        network__latent_dim=latent_dim,
        training__epochs=epochs,
        columns__keep=keep,
        columns__feature=feature,
        columns__accept_changes=accept_changes,
        with_error=with_error,
        execution__workers=workers,
        execution__force=force,
    )
    job = read_job(EncodeJob, config, overrides)
    with showing_progress() as progress:
        report = encode_dataset(job, progress)
    show(report, as_json, following.encode(job))
