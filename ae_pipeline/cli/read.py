"""Verbs that only read encoded datasets: decode, inspect."""

from __future__ import annotations

from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running import following
from ae_pipeline.cli.running.jobs import read_job
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.show import show
from ae_pipeline.config.job import DecodeJob
from ae_pipeline.formats import setting_of
from ae_pipeline.verbs import decode as decode_dataset
from ae_pipeline.verbs import inspect as inspect_path


def decode(
    dest: Annotated[
        str | None, typer.Argument(metavar="DEST", help="Features dataset or archive to read.")
    ] = None,
    out: Annotated[
        str | None, typer.Argument(metavar="OUT", help="Folder for the reconstructed tables.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Compare every value with this and report errors."),
    ] = None,
    codec: Annotated[
        str | None, typer.Option(metavar="DIR", help="Codec to use. Default: DEST's own.")
    ] = None,
    column: options.Columns = None,
    partition: options.Partitions = None,
    row_group: options.RowGroups = None,
    config: options.ConfigFile = None,
    setting: options.Setting = None,
    workers: options.Workers = None,
    force: options.ForceDecode = False,
    as_json: options.Json = False,
) -> None:
    """Reconstruct the tables of DEST in OUT, with the source's schema and row order.

    With --source, compare every value, and show errors per partition and column and write them to
    OUT.ae/report/metrics.pq. To decode a part, select columns, partitions or row groups.

    Example: ae-pipeline decode sales_archive/ sales_decoded/ --source sales/ --column price
    """
    overrides = options.settings(
        setting,
        source=source,
        **{setting_of(dest, "features"): dest},
        decoded=out,
        codec=codec,
        selection__columns=column,
        selection__partitions=partition,
        selection__row_groups=row_group,
        execution__workers=workers,
        execution__force=force,
    )
    job = read_job(DecodeJob, config, overrides)
    with showing_progress() as progress:
        report = decode_dataset(job, progress)
    show(report, as_json, following.decode(job))


def inspect(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Codec, dataset or file.")],
    as_json: options.Json = False,
) -> None:
    """Describe PATH: a source, a codec, an archive, features or decoded tables.

    Example: ae-pipeline inspect codecs/sales
    """
    found = inspect_path(path)
    show(found, as_json, following.inspect(found))
