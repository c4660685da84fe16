"""The verb that starts a Prefect flow: run."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from ae_pipeline.cli import options
from ae_pipeline.extras import require

#: A name and not an import: only the flows know Prefect, and a wheel need not come with it.
_COMMAND = "ae_pipeline_flows.runtime.command"


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
