"""Verbs for archives: estimate, encode, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running import following
from ae_pipeline.cli.running.jobs import read_job
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.show import show
from ae_pipeline.config.job import EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.verbs import encode as encode_dataset
from ae_pipeline.verbs import estimate as estimate_source
from ae_pipeline.verbs import verify as verify_dataset


def encode(
    source: options.Source = None,
    archive: Annotated[
        str | None, typer.Argument(metavar="ARCHIVE", help="Archive to write.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="0.01", help="Promised error, as a fraction of each column's spread."),
    ] = None,
    accept_flattened: options.AcceptFlattened = False,
    accept_changes: options.AcceptChanges = False,
    codec: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Codec to use. Default: ARCHIVE's own, or a new fit."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    latent_dim: options.LatentDim = None,
    budget: options.Budget = None,
    start_from: options.StartFrom = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    code: options.Code = None,
    workers: options.Workers = None,
    effort: options.EffortName = None,
    force: options.ForceEncode = False,
    as_json: options.Json = False,
) -> None:
    """Write SOURCE as an archive: floats within their promised error, all else exactly.

    Nulls, NaN and infinities are exact; tolerance 0 keeps every bit of every column. Columns that
    are hardly larger as plain Parquet stay readable in place. Writes one file per source file, at
    the same path. Run it again to encode only what is missing or stale.

    Example: ae-pipeline encode sales/ sales_archive/ --tolerance 0.01
    """
    overrides = options.settings(
        setting,
        source=source,
        archive=archive,
        codec=codec,
        tolerance__relative=tolerance,
        tolerance__accept_flattened=accept_flattened,
        columns__accept_changes=accept_changes,
        network__latent_dim=latent_dim,
        planner__budget_s=budget,
        training__start_from=start_from,
        columns__keep=keep,
        columns__feature=feature,
        columns__code=code,
        execution__workers=workers,
        execution__effort=effort,
        execution__force=force,
    )
    job = read_job(EncodeJob, config, overrides)
    with showing_progress() as progress:
        report = encode_dataset(job, progress)
    show(report, as_json, following.encode(job))


def estimate(
    source: options.Source = None,
    tolerance: Annotated[
        list[float] | None,
        typer.Option(metavar="0.01", help="Fraction of each column's spread; repeatable."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    code: options.Code = None,
    as_json: options.Json = False,
) -> None:
    """Forecast an archive of SOURCE from a sample, without writing anything.

    Shows the size of the whole archive at several tolerances, next to the files as they are and to
    simple codecs; what each column costs and loses; the time and memory of the job; and a verdict.

    Example: ae-pipeline estimate sales/ --tolerance 0.01
    """
    overrides = options.settings(
        setting,
        source=source,
        tolerances=tolerance,
        columns__keep=keep,
        columns__feature=feature,
        columns__code=code,
    )
    job = read_job(EstimateJob, config, overrides)
    with showing_progress() as progress:
        forecast = estimate_source(job, progress)
    show(forecast, as_json, following.estimate(job, forecast))


def verify(
    archive: Annotated[
        str | None, typer.Argument(metavar="ARCHIVE", help="Archive to read.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE", help="Compare every value with this and check its promised error."
        ),
    ] = None,
    column: options.Columns = None,
    partition: options.Partitions = None,
    row_group: options.RowGroups = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    workers: options.Workers = None,
    as_json: options.Json = False,
) -> None:
    """Decode every block of ARCHIVE without writing it; with --source, compare every value.

    Exit code 0 means that every checksum, row, null and bit pattern is right and no value is
    further from the source than promised. Damage is recorded in the archive, if it is writable,
    and the next backfill repairs it.

    Example: ae-pipeline verify sales_archive/ --source sales/
    """
    overrides = options.settings(
        setting,
        archive=archive,
        source=source,
        selection__columns=column,
        selection__partitions=partition,
        selection__row_groups=row_group,
        execution__workers=workers,
    )
    job = read_job(VerifyJob, config, overrides)
    with showing_progress() as progress:
        report = verify_dataset(job, progress)
    show(report, as_json, following.verify(job))
