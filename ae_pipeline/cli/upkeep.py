"""Verbs for growing datasets: backfill, compress, gc."""

from __future__ import annotations

from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running import following
from ae_pipeline.cli.running.jobs import read_job
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.show import show
from ae_pipeline.config.job import CompressJob, EncodeJob
from ae_pipeline.errors import ConfigError
from ae_pipeline.formats import FORMATS, setting_of
from ae_pipeline.verbs import backfill as backfill_dataset
from ae_pipeline.verbs import compress as compress_dataset
from ae_pipeline.verbs import gc as collect_garbage

_HOUR_S = 3600.0


def backfill(
    source: options.Source = None,
    dest: Annotated[
        str | None, typer.Argument(metavar="DEST", help="Archive or features to write.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--as", metavar="archive|features", help="Kind of a new DEST.")
    ] = None,
    where: options.Where = None,
    start: options.Start = None,
    end: options.End = None,
    lookback: options.Lookback = None,
    only: options.Only = None,
    order: options.Order = None,
    limit: options.Limit = None,
    prune: options.Prune = False,
    replace_partitions: options.ReplacePartitions = False,
    dry_run: options.DryRun = False,
    max_concurrency: options.MaxConcurrency = None,
    effort: options.EffortName = None,
    tolerance: options.Tolerance = None,
    accept_flattened: options.AcceptFlattened = False,
    accept_changes: options.AcceptChanges = False,
    codec: options.CodecToUse = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    force: options.ForceBackfill = False,
    as_json: options.Json = False,
) -> None:
    """Bring DEST up to date with the selected partitions of SOURCE.

    Every fragment is missing, stale (source changed), failed, outdated (former codec), current,
    retired or orphaned; --dry-run shows which, and why. Run it again after a kill to finish the
    rest. Only the flow uses execution.fragments_per_task.

    Example: ae-pipeline backfill sales/ sales_archive/ --where "year >= 2024" --dry-run
    """
    overrides = options.settings(
        setting,
        source=source,
        **{setting_of(dest, "archive") if kind is None else _checked(kind): dest},
        codec=codec,
        tolerance__relative=tolerance,
        tolerance__accept_flattened=accept_flattened,
        columns__accept_changes=accept_changes,
        backfill__where=where,
        backfill__start=start,
        backfill__end=end,
        backfill__lookback=lookback,
        backfill__only=options.words(only),
        backfill__order=order,
        backfill__limit=limit,
        backfill__prune=prune,
        backfill__replace_partitions=replace_partitions,
        backfill__dry_run=dry_run,
        execution__workers=max_concurrency,
        execution__effort=effort,
        execution__force=force,
    )
    job = read_job(EncodeJob, config, overrides)
    with showing_progress() as progress:
        found = backfill_dataset(job, progress)
    show(found, as_json, following.backfill(job, found.plan))


def compress(
    source: options.Source = None,
    archive: Annotated[
        str | None, typer.Argument(metavar="ARCHIVE", help="Archive to keep up to date.")
    ] = None,
    tolerance: options.Tolerance = None,
    accept_flattened: options.AcceptFlattened = False,
    accept_changes: options.AcceptChanges = False,
    delete_source: Annotated[
        str | None,
        typer.Option(metavar="after_verify", help="Delete source files once verified."),
    ] = None,
    drift: Annotated[
        str | None,
        typer.Option(metavar="warn|direct|refit", help="Response to drift."),
    ] = None,
    where: options.Where = None,
    lookback: options.Lookback = None,
    replace_partitions: options.ReplacePartitions = False,
    dry_run: options.DryRun = False,
    max_concurrency: options.MaxConcurrency = None,
    effort: options.EffortName = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    as_json: options.Json = False,
) -> None:
    """Encode what is new in SOURCE, read it back and compare every value. Run it every night.

    With --delete-source after_verify, delete a source file once its archive file has been read
    back, decoded and compared with it.

    Example: ae-pipeline compress sales/ sales_archive/ --tolerance 0.01
    """
    overrides = options.settings(
        setting,
        source=source,
        archive=archive,
        tolerance__relative=tolerance,
        tolerance__accept_flattened=accept_flattened,
        columns__accept_changes=accept_changes,
        retention__delete_source=delete_source,
        drift__action=drift,
        backfill__where=where,
        backfill__lookback=lookback,
        backfill__replace_partitions=replace_partitions,
        backfill__dry_run=dry_run,
        execution__workers=max_concurrency,
        execution__effort=effort,
    )
    job = read_job(CompressJob, config, overrides)
    with showing_progress() as progress:
        report = compress_dataset(job, progress)
    show(report, as_json, following.compress(job))


def gc(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Archive or features.")],
    grace: Annotated[
        float,
        typer.Option(metavar="24", min=0, help="Keep files touched within this many hours."),
    ] = 24.0,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Remove files from DATASET that nothing refers to.

    These are codecs that no fragment uses, files and S3 uploads of killed runs, and files that
    failed verification.

    Example: ae-pipeline gc sales_archive/ --dry-run
    """
    report = collect_garbage(dataset, grace * _HOUR_S, dry_run)
    show(report, as_json, following.gc(report))


def _checked(kind: str) -> str:
    """A kind of dataset that can be backfilled; raises `ConfigError` for any other."""
    if kind not in FORMATS:
        raise ConfigError(
            "no such kind of dataset", where="--as", expected=" or ".join(FORMATS), got=kind
        )
    return kind
