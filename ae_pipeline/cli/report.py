"""The verb report: one HTML page of an encoded dataset."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.running.progress import showing_progress
from ae_pipeline.cli.terminal import print_plain, stdout
from ae_pipeline.pages import page_of, write_page
from ae_pipeline.report.headline import size_words
from ae_pipeline.report.tables.records import dump_json


def report(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="Archive, features, or tables that decode wrote."),
    ],
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Compare every value with this and show errors."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Page to write. Default: NAME.html here, after PATH."),
    ] = None,
    color: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column or key that colours the map of latents."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write one HTML page of PATH: where the bytes went, errors, and the codec.

    The page is one file that opens from disk, in light and dark, on a phone and on paper. With
    --source it has errors per partition and column, and rows beside what they decode to. Needs the
    extra "report".

    Example: ae-pipeline report sales_archive/ --source sales/ --out sales.html
    """
    with showing_progress() as progress:
        page = page_of(path, source, color, progress)
    out = out or f"{PurePath(path.rstrip('/')).name or 'report'}.html"
    write_page(page, out)
    n_bytes = len(page.encode())
    if as_json:
        print_plain(dump_json({"ok": True, "page": out, "bytes": n_bytes}))
    else:
        stdout.print(f"{out}, {size_words(n_bytes)}", markup=False, soft_wrap=True)
