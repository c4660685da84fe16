"""Verbs about job files: init drafts one, run starts a Prefect flow with one."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.cli.show import command_of, suggest
from ae_pipeline.cli.terminal import print_plain, stdout
from ae_pipeline.errors import DestinationExistsError
from ae_pipeline.extras import require
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.verbs.sources.draft import draft_job

#: A name and not an import: only the flows know Prefect, and a wheel need not come with it.
_COMMAND = "ae_pipeline_flows.runtime.command"


def init(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Tables to encode.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="JOB.YAML", help="File to write; it must be new.")
    ] = Path("job.yaml"),
    as_json: options.Json = False,
) -> None:
    """Write a commented job file for SOURCE: places, tolerance, columns to keep, a schedule.

    Reads footers and a sample of SOURCE. A file that exists is left alone.

    Example: ae-pipeline init sales/ --out sales.yaml
    """
    if out.exists():
        raise _taken(out)
    text = draft_job(source, str(out))
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _taken(out) from None
    following = ("encode", "--config", str(out))
    if as_json:
        print_plain(dump_json({"ok": True, "out": str(out), "next": command_of(following)}))
        return
    stdout.print(f"Wrote {out}", soft_wrap=True)
    suggest(following)


def _taken(out: Path) -> DestinationExistsError:
    return DestinationExistsError(
        "a file is there already", where=str(out), remedy="name another one: --out FILE"
    )


class Flow(StrEnum):
    """A module of the flows, and the flow in it."""

    MAIN_JOB = "main_job"
    FIT = "fit"
    ENCODE = "encode"
    DECODE = "decode"
    VERIFY = "verify"
    BACKFILL = "backfill"
    COMPRESS = "compress"


def run(
    name: Annotated[Flow, typer.Argument(metavar="NAME", help=f"One of {', '.join(Flow)}.")],
    config: Annotated[str, typer.Option("--config", metavar="JOB.YAML", help="Settings.")],
    setting: options.Setting = None,
) -> None:
    """Run a verb as a Prefect flow, with a page for the run where there is a server.

    Without PREFECT_API_URL it starts a temporary server. main_job fits, encodes, decodes and
    compares.

    Example: ae-pipeline run compress --config job.yaml
    """
    require("ae-pipeline run", "prefect")
    import_module(_COMMAND).start_named(name.value, config, setting or ())
