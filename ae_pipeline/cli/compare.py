"""The verb compare: formats on a sample of one's own data."""

from __future__ import annotations

from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running.jobs import read_job
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.show import show
from ae_pipeline.comparing import compare as compare_formats
from ae_pipeline.config.job import CompareJob


def compare(
    source: options.Source = None,
    tolerance: options.Tolerance = None,
    rows: Annotated[
        int | None, typer.Option(metavar="200000", min=1, help="Rows of the sample, at most.")
    ] = None,
    accept_flattened: options.AcceptFlattened = False,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    as_json: options.Json = False,
) -> None:
    """Store a sample of SOURCE in several formats and as an archive, and compare.

    Parquet, Arrow, ORC and pcodec at their best settings, exactly and rounded as the archive
    rounds, with bytes and CPU-seconds of one run.

    Example: ae-pipeline compare sales/ --tolerance 0.01
    """
    overrides = options.settings(
        setting,
        source=source,
        rows=rows,
        tolerance__relative=tolerance,
        tolerance__accept_flattened=accept_flattened,
    )
    job = read_job(CompareJob, config, overrides)
    with showing_progress() as progress:
        found = compare_formats(job, progress)
    show(found, as_json, ("estimate", job.source))
