"""The command `ae-pipeline`: its verbs, its help, and its exit codes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from ae_pipeline.cli.archive import encode, estimate, verify
from ae_pipeline.cli.compare import compare
from ae_pipeline.cli.learn import features, fit
from ae_pipeline.cli.read import decode
from ae_pipeline.cli.read import inspect as inspect_path
from ae_pipeline.cli.report import report
from ae_pipeline.cli.rows import cat, head, query
from ae_pipeline.cli.run import init, run
from ae_pipeline.cli.running.failing import UsageError, fail, fail_of_usage, wants_json
from ae_pipeline.cli.running.shared import with_shared_options
from ae_pipeline.cli.signals import stopping_cleanly
from ae_pipeline.cli.terminal import escape_unprintable, print_plain
from ae_pipeline.cli.upkeep import backfill, compress, gc
from ae_pipeline.errors import AePipelineError
from ae_pipeline.out_of_memory import memory_errors

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Learned compression and latent features for partitioned Parquet tables.\n\n"
    "For latent vectors: [bold]fit[/] a codec, write [bold]features[/], [bold]decode[/] and "
    "compare. For storage: [bold]encode[/] an archive with a promised error and [bold]verify[/] it."
    " For data that grows: [bold]backfill[/] what is missing, or [bold]compress[/] every night. To "
    "look: [bold]query[/] any of them in place.",
)


def _help(verb: Callable[..., None]) -> str:
    """A verb's docstring with each paragraph on one line, so that the terminal folds it."""
    paragraphs = (inspect.getdoc(verb) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for verb in (
    init,
    *(fit, features),
    *(compare, estimate, encode, verify),
    *(query, head, cat),
    *(decode, inspect_path, report),
    *(backfill, compress, gc),
):
    has_tables = verb not in (init, query, head, cat)
    app.command(help=_help(verb))(with_shared_options(verb, has_tables=has_tables))
app.command(help=_help(run))(run)  # whose log is Prefect's: it leaves one that is set up alone


def _tell_version(is_asked: bool) -> bool:
    if is_asked:
        print_plain(f"ae-pipeline {version('ae-pipeline')}")
        raise typer.Exit
    return is_asked


@app.callback()
def command(
    tells_version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Show the version.", is_eager=True, callback=_tell_version
        ),
    ] = False,
) -> None:
    """Take the options of the command itself; its verbs have their own."""


def main() -> None:
    """Entry point. An expected error is one line and exit code 1, never a traceback."""
    escape_unprintable()
    is_json = wants_json(sys.argv[1:])
    with stopping_cleanly():
        try:
            with memory_errors("this run"):
                code = app(standalone_mode=not is_json, prog_name="ae-pipeline")
        except (AePipelineError, OSError) as error:
            fail(error, is_json)
        except UsageError as error:
            fail_of_usage(error)
        sys.exit(code)
