"""`python -m flows.<name> --config job.yaml`: run a flow here and show what came of it."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn  # Prefect's flow type is generic in everything

import httpx
from prefect.exceptions import PrefectException
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    PREFECT_UI_URL,
)

from ae_pipeline.cli.show import show_tables
from ae_pipeline.cli.signals import stopping_cleanly
from ae_pipeline.cli.terminal import escape_unprintable, stderr, stdout
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.load import load_job, parse_setting
from ae_pipeline.errors import AePipelineError, ConfigError
from ae_pipeline.escaping import one_line
from flows.credentials import masked, without_credentials
from flows.progress import showing_progress
from flows.reachable import check_server

_BIN = Path(sys.executable).parent


def main(flow: Callable[..., Any], kind: type[JobConfig]) -> None:
    """Run a flow with the job of a YAML file.

    Exit code 1 if it did not complete, 130 and 143 if it was stopped; Prefect has the run as
    crashed then.

    Args:
        flow: takes one parameter, `job`.
        kind: the job's model.
    """
    escape_unprintable()
    arguments = _parse(flow.__doc__ or "")
    try:
        overrides = dict(parse_setting(text) for text in arguments.set)
        job = load_job(kind, arguments.config, overrides)
    except ConfigError as error:
        sys.exit(f"error: {error}")
    with stopping_cleanly(), showing_progress():
        try:
            check_server()
            _start_server()
            state = flow(job, return_state=True)
        except (AePipelineError, PrefectException, httpx.HTTPError, RuntimeError, OSError) as error:
            # What a task or flow raises is in its state; this is Prefect that lost its server.
            _fail(one_line(masked(str(error) or type(error).__name__)))
    if not state.is_completed():
        _fail(str(state.message))
    show_tables(state.result())
    _tell_next(job)


def _fail(message: str) -> NoReturn:
    stderr.print(f"error: {message}", soft_wrap=True)
    sys.exit(1)


def _start_server() -> None:
    """A temporary server, if there is no other."""
    if not PREFECT_API_URL.value() and PREFECT_SERVER_ALLOW_EPHEMERAL_MODE.value():
        from flows.server import TemporaryServer  # noqa: PLC0415  costs seconds

        TemporaryServer().start()


def _parse(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--config", metavar="JOB.YAML", required=True, help="the job's settings")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override one setting"
    )
    return parser.parse_args()


def _tell_next(job: JobConfig) -> None:
    """Where the outputs lie, and what to run next."""
    places = {
        "codec": job.codec,
        "features": job.features,
        "archive": job.archive,
        "decoded": job.decoded,
    }
    written = {name: place for name, place in places.items() if place and Path(place).exists()}
    for name, place in written.items():
        stdout.print(f"{name:<9}{place}", soft_wrap=True, markup=False)
    stdout.print("Next:")
    for place in list(written.values())[:2]:
        _print_command(f"{_BIN / 'ae-pipeline'} inspect {place}")
    _print_command(_way_to_pages())


def _way_to_pages() -> str:
    """Where the run and its artifacts are shown, or how to start what shows them."""
    if PREFECT_API_URL.value():
        return (
            f"{without_credentials(PREFECT_UI_URL.value())}/runs   # the runs and their artifacts"
        )
    home = f"PREFECT_HOME={os.environ['PREFECT_HOME']} " if "PREFECT_HOME" in os.environ else ""
    return f"{home}{_BIN / 'prefect'} server start   # the runs and their artifacts"


def _print_command(command: str) -> None:
    stdout.print(f"  {command}", soft_wrap=True, markup=False)
