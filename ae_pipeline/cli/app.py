"""The command `ae-pipeline`: its verbs, its help, and its exit codes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

import typer

from ae_pipeline.cli.archive import encode, estimate, verify
from ae_pipeline.cli.learn import features, fit
from ae_pipeline.cli.read import decode
from ae_pipeline.cli.read import inspect as inspect_path
from ae_pipeline.cli.report import report
from ae_pipeline.cli.run import run
from ae_pipeline.cli.signals import stopping_cleanly
from ae_pipeline.cli.terminal import escape_unprintable, stderr
from ae_pipeline.cli.upkeep import backfill, compress, gc
from ae_pipeline.errors import AePipelineError
from ae_pipeline.out_of_memory import memory_errors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Learned compression and latent features for partitioned Parquet tables.\n\n"
    "For latent vectors: [bold]fit[/] a codec, write [bold]features[/], [bold]decode[/] and "
    "compare. For storage: [bold]encode[/] an archive with a promised error and [bold]verify[/] it."
    " For data that grows: [bold]backfill[/] what is missing, or [bold]compress[/] every night.",
)


def _help(verb: Callable[..., None]) -> str:
    """A verb's docstring with each paragraph on one line, so that the terminal folds it."""
    paragraphs = (inspect.getdoc(verb) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for verb in (
    *(fit, features),
    *(estimate, encode, verify),
    *(decode, inspect_path, report),
    *(backfill, compress, gc),
    run,
):
    app.command(help=_help(verb))(verb)


def main() -> None:
    """Entry point. An expected error is one line and exit code 1, never a traceback."""
    escape_unprintable()
    with stopping_cleanly():
        try:
            with memory_errors("this run"):
                app()
        except (AePipelineError, OSError) as error:
            stderr.print(f"error: {error}", markup=False, soft_wrap=True)
            sys.exit(1)
