"""The verbs. Each reads settings, calls the library and shows what came back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.terminal import progress_bars, set_up_logging, stderr, stdout
from ae_pipeline.config import DecodeJob, EncodeJob, EstimateJob, FitJob, VerifyJob, load_job
from ae_pipeline.errors import AePipelineError, FragmentsFailedError
from ae_pipeline.pipeline import decode as decode_dataset
from ae_pipeline.pipeline import encode as encode_dataset
from ae_pipeline.pipeline import estimate as estimate_source
from ae_pipeline.pipeline import fit as fit_dataset
from ae_pipeline.pipeline import inspect as inspect_path
from ae_pipeline.pipeline import verify as verify_dataset
from ae_pipeline.report import (
    closing_lines,
    estimate_tables,
    failure_lines,
    fit_table,
    inspection_tables,
    render,
    report_tables,
    to_json,
)
from ae_pipeline.results import DatasetReport
from ae_pipeline.storage import read_marker

#: Exit code of a process that Ctrl-C ended.
_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Learned compression and latent features for partitioned Parquet tables.\n\n"
    "For latent vectors: [bold]fit[/] a codec, write [bold]features[/], [bold]decode[/] them and "
    "compare. For storage: [bold]encode[/] an archive with a promised error, [bold]verify[/] it.",
)

Source = Annotated[
    str | None, typer.Argument(metavar="SOURCE", help="Parquet file, folder or hive tree.")
]


@app.command()
def fit(
    source: Source = None,
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
    keep: options.Keep = None,
    feature: options.Feature = None,
    force: options.Force = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Train an autoencoder on SOURCE and write the codec to DIR.

    Float columns are features, everything else is kept. A fit that was killed goes on where its
    last checkpoint left it; a codec that is current is left alone.

    Example: ae-pipeline fit sales/ --codec codecs/sales --latent-dim 4
    """
    set_up_logging(verbose)
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
        columns__keep=keep,
        columns__feature=feature,
        execution__force=force,
    )
    job = load_job(FitJob, config, overrides)
    with progress_bars() as progress:
        result = fit_dataset(job, progress)
    if as_json:
        print(to_json(result))
        return
    render(fit_table(result), stdout)
    _tell_next(f"features {job.source} DEST --codec {job.codec}")


@app.command()
def features(
    source: Source = None,
    dest: Annotated[
        str | None, typer.Argument(metavar="DEST", help="Features dataset to write.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Codec to use; without one, DEST's own or a new fit."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    latent_dim: options.LatentDim = None,
    epochs: options.Epochs = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    workers: options.Workers = None,
    force: options.Force = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Write the latent vector of every row of SOURCE to DEST, beside the kept columns.

    One file per source file, at the same path. Run it again after a kill or when files were
    added: only what is missing or stale is done.

    Example: ae-pipeline features sales/ sales_features/ --codec codecs/sales
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        source=source,
        features=dest,
        codec=codec,
        network__latent_dim=latent_dim,
        training__epochs=epochs,
        columns__keep=keep,
        columns__feature=feature,
        execution__workers=workers,
        execution__force=force,
    )
    job = load_job(EncodeJob, config, overrides)
    with progress_bars() as progress:
        report = encode_dataset(job, progress)
    _show(report, as_json)
    if not as_json:
        _tell_next(f"decode {job.features} OUT --source {job.source}")


@app.command()
def encode(
    source: Source = None,
    archive: Annotated[
        str | None, typer.Argument(metavar="ARCHIVE", help="Archive to write.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="0.01", help="Promised error, relative to each column's range."),
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Codec to use; without one, ARCHIVE's own or a new fit."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    latent_dim: options.LatentDim = None,
    budget: options.Budget = None,
    start_from: options.StartFrom = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    workers: options.Workers = None,
    force: options.Force = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Write SOURCE as an archive in which every value keeps its promised error.

    Nulls, NaN, infinities and kept columns are exact; tolerance 0 keeps every bit. One file per
    source file, at the same path; run it again and only what is missing or stale is done.

    Example: ae-pipeline encode sales/ sales_archive/ --tolerance 0.01
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        source=source,
        archive=archive,
        codec=codec,
        tolerance__relative=tolerance,
        network__latent_dim=latent_dim,
        planner__budget_s=budget,
        training__start_from=start_from,
        columns__keep=keep,
        columns__feature=feature,
        execution__workers=workers,
        execution__force=force,
    )
    job = load_job(EncodeJob, config, overrides)
    with progress_bars() as progress:
        report = encode_dataset(job, progress)
    _show(report, as_json)
    if not as_json:
        _tell_next(f"verify {job.archive} --source {job.source}")


@app.command()
def estimate(
    source: Source = None,
    tolerance: Annotated[
        list[float] | None,
        typer.Option(metavar="0.01", help="Relative to each column's range; can be repeated."),
    ] = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    keep: options.Keep = None,
    feature: options.Feature = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Say what an archive of SOURCE would give, from a sample, without writing anything.

    Expected bytes at some tolerances beside the simple codecs and the files as they are, what each
    column would lose, time and memory of the job, and a verdict.

    Example: ae-pipeline estimate sales/ --tolerance 0.01
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        source=source,
        tolerances=tolerance,
        columns__keep=keep,
        columns__feature=feature,
    )
    job = load_job(EstimateJob, config, overrides)
    with progress_bars() as progress:
        forecast = estimate_source(job, progress)
    if as_json:
        print(to_json(forecast))
        return
    for table in estimate_tables(forecast):
        render(table, stdout)
    stdout.print(forecast.verdict, markup=False)


@app.command()
def verify(
    archive: Annotated[
        str | None, typer.Argument(metavar="ARCHIVE", help="Archive to read.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Hold every value to its promise.")
    ] = None,
    column: options.Columns = None,
    partition: options.Partitions = None,
    row_group: options.RowGroups = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    workers: options.Workers = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Decode every block of ARCHIVE without writing; with --source compare every value.

    Exit code 0 means that every checksum, row, null and bit pattern is right and no value is
    further from the source than promised.

    Example: ae-pipeline verify sales_archive/ --source sales/
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        archive=archive,
        source=source,
        selection__columns=column,
        selection__partitions=partition,
        selection__row_groups=row_group,
        execution__workers=workers,
    )
    job = load_job(VerifyJob, config, overrides)
    with progress_bars() as progress:
        report = verify_dataset(job, progress)
    _show(report, as_json)


@app.command()
def decode(
    dest: Annotated[
        str | None, typer.Argument(metavar="DEST", help="Features dataset or archive to read.")
    ] = None,
    out: Annotated[
        str | None, typer.Argument(metavar="OUT", help="Folder for the reconstructed tables.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Compare with this and report errors.")
    ] = None,
    codec: Annotated[
        str | None, typer.Option(metavar="DIR", help="Codec; without one, the dataset's own.")
    ] = None,
    column: options.Columns = None,
    partition: options.Partitions = None,
    row_group: options.RowGroups = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    workers: options.Workers = None,
    force: options.Force = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Reconstruct the tables of DEST in OUT, with the source's schema and row order.

    With --source every value is compared; errors per partition and column are shown and written
    to OUT/_ae/report/metrics.parquet. Columns, partitions and row groups can be chosen; the rest
    is not decoded.

    Example: ae-pipeline decode sales_archive/ sales_decoded/ --source sales/ --column price
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        source=source,
        **{_kind_of(dest): dest},
        decoded=out,
        codec=codec,
        selection__columns=column,
        selection__partitions=partition,
        selection__row_groups=row_group,
        execution__workers=workers,
        execution__force=force,
    )
    job = load_job(DecodeJob, config, overrides)
    with progress_bars() as progress:
        report = decode_dataset(job, progress)
    _show(report, as_json)


@app.command()
def inspect(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Codec, dataset or file.")],
    as_json: options.Json = False,
) -> None:
    """Say what PATH is and what it holds: a source, a codec, features or decoded tables.

    Example: ae-pipeline inspect codecs/sales
    """
    inspection = inspect_path(path)
    if as_json:
        print(to_json(inspection))
        return
    for table in inspection_tables(inspection):
        render(table, stdout)


def _tell_next(command: str) -> None:
    stdout.print(f"Next: ae-pipeline {command}", markup=False, soft_wrap=True)


def _kind_of(path: str | None) -> str:
    """Which setting a path belongs to, by its marker."""
    marker = None if path is None else read_marker(Path(path))
    return "archive" if marker is not None and marker.kind == "archive" else "features"


def _show(report: DatasetReport, as_json: bool) -> None:
    """Print a report; raise if fragments failed, so that the exit code tells."""
    if as_json:
        print(to_json(report))
    else:
        for table in report_tables(report):
            render(table, stdout)
        for line in closing_lines(report):
            stdout.print(line, markup=False)
    for warning in report.warnings:
        stderr.print(f"warning: {warning}", markup=False, soft_wrap=True)
    if report.failures:
        for line in failure_lines(report):
            stderr.print(f"failed: {line}", markup=False, soft_wrap=True)
        n_all = len(report.failures) + report.total.n_fragments
        raise FragmentsFailedError(
            f"{len(report.failures)} of {n_all} fragments failed",
            where=report.source,
            remedy="mend them and run again; the others are done",
        )


def main() -> None:
    """Entry point: errors of ours are one line and exit code 1, never a traceback."""
    try:
        app()
    except (AePipelineError, OSError) as error:
        stderr.print(f"error: {error}", markup=False, soft_wrap=True)
        sys.exit(1)
    except SystemExit as end:
        if end.code == _INTERRUPTED:  # typer has caught the signal by then
            stderr.print("interrupted; run again to go on")
        raise
