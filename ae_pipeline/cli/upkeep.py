"""Verbs for datasets that grow: backfill, compress, gc."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.show import print_json, raise_failed, show_result, tell_next, warn
from ae_pipeline.cli.terminal import progress_bars, set_up_logging, stdout
from ae_pipeline.config.job import CompressJob, EncodeJob
from ae_pipeline.config.load import load_job
from ae_pipeline.errors import ConfigError
from ae_pipeline.report.console import render
from ae_pipeline.report.gc import collected_line, collected_table
from ae_pipeline.storage import read_marker
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
        str | None, typer.Option("--as", metavar="archive|features", help="What a new DEST is.")
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
    tolerance: options.Tolerance = None,
    accept_flattened: options.AcceptFlattened = False,
    accept_changes: options.AcceptChanges = False,
    codec: options.CodecToUse = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    force: options.ForceBackfill = False,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Bring DEST up to date with the partitions of SOURCE that are selected.

    Every fragment is missing, stale (source changed), failed, outdated (former codec), current,
    retired or orphaned; --dry-run shows which, and why. Run it again after a kill: what is done
    is done. execution.fragments_per_task concerns the flow alone.

    Example: ae-pipeline backfill sales/ sales_archive/ --where "year >= 2024" --dry-run
    """
    set_up_logging(verbose)
    overrides = options.settings(
        setting,
        source=source,
        **{_kind_of(dest) if kind is None else _checked(kind): dest},
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
        execution__force=force,
    )
    job = load_job(EncodeJob, config, overrides)
    with progress_bars() as progress:
        found = backfill_dataset(job, progress)
    show_result(found, as_json)
    report = found.report
    if report is not None:
        raise_failed(report.failures, report.total.n_fragments, job.source)
        if not as_json and found.plan.kind == "archive":
            tell_next(f"verify {found.plan.destination} --source {job.source}")


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
        typer.Option(metavar="after_verify", help="Delete what was read back and compared."),
    ] = None,
    drift: Annotated[
        str | None,
        typer.Option(metavar="warn|direct|refit", help="What is done when data has drifted."),
    ] = None,
    where: options.Where = None,
    lookback: options.Lookback = None,
    replace_partitions: options.ReplacePartitions = False,
    dry_run: options.DryRun = False,
    max_concurrency: options.MaxConcurrency = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    as_json: options.Json = False,
    verbose: options.Verbose = False,
) -> None:
    """Encode what is new in SOURCE, read it back, compare every value; for every night.

    With --delete-source after_verify a source file is deleted once its archive file was read back
    from ARCHIVE, decoded and compared with it.

    Example: ae-pipeline compress sales/ sales_archive/ --tolerance 0.01
    """
    set_up_logging(verbose)
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
    )
    job = load_job(CompressJob, config, overrides)
    with progress_bars() as progress:
        found = compress_dataset(job, progress)
    show_result(found, as_json)
    raise_failed(found.failures, len(found.done), job.source)


def gc(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="Archive or features.")],
    grace: Annotated[
        float,
        typer.Option(metavar="24", min=0, help="Hours for which it must have been untouched."),
    ] = 24.0,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
) -> None:
    """Remove from DATASET what nothing refers to.

    That is codecs of no fragment, files of killed runs, files that failed verification.

    Example: ae-pipeline gc sales_archive/ --dry-run
    """
    collected = collect_garbage(dataset, grace * _HOUR_S, dry_run)
    if as_json:
        print_json(collected)
    else:
        render(collected_table(collected), stdout)
        stdout.print(collected_line(collected), markup=False)
    warn(collected.warnings)


def _kind_of(path: str | None) -> str:
    """Which setting a destination belongs to: what it is already, else an archive."""
    marker = None if path is None else read_marker(Path(path))
    return "features" if marker is not None and marker.kind == "features" else "archive"


def _checked(kind: str) -> str:
    """A kind of dataset that can be backfilled; `ConfigError` if it is none."""
    if kind not in ("archive", "features"):
        raise ConfigError(
            "no such kind of dataset", where="--as", expected="archive or features", got=kind
        )
    return kind
