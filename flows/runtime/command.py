"""Run a flow here and show its outcome.

`python -m flows.<name> --config job.yaml` in a checkout, `ae-pipeline run <name>` anywhere.
"""

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
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

from .credentials import masked, without_credentials
from .progress import showing_progress
from .reachable import check_server

_BIN = Path(sys.executable).parent


def main(flow: Callable[..., Any]) -> None:
    """Run a flow with the job of a YAML file, as `python -m flows.<name>` does.

    Exit with code 1 if it did not complete, 130 or 143 if it was stopped; Prefect then records the
    run as crashed.

    Args:
        flow: takes one parameter, `job`.
    """
    escape_unprintable()
    arguments = _parse(flow.__doc__ or "")
    with stopping_cleanly():
        start(flow, arguments.config, arguments.set)


def start_named(name: str, config: str, settings: Sequence[str]) -> None:
    """Start the flow of a module beside this package, as `ae-pipeline run` does."""
    package = __package__.rpartition(".")[0]
    start(getattr(import_module(f"{package}.{name}"), name), config, settings)


def start(flow: Callable[..., Any], config: str, settings: Sequence[str]) -> None:
    """Run a flow here, and print its outcome.

    Args:
        flow: takes one parameter, `job`, annotated with the job's model.
        config: path of the job's YAML file.
        settings: `KEY=VALUE` each; they override the file.

    Raises:
        SystemExit: the job is wrong or the run did not complete; code 1.
    """
    kind: type[JobConfig] = inspect.signature(flow).parameters["job"].annotation
    try:
        overrides = dict(map(parse_setting, settings))
        job = load_job(kind, config, overrides, dict.fromkeys(overrides, "--set"))
    except ConfigError as error:
        _fail(str(error))
    with showing_progress():
        try:
            check_server()
            _start_server()
            state = flow(job, return_state=True)
        except (AePipelineError, PrefectException, httpx.HTTPError, RuntimeError, OSError) as error:
            # Errors of tasks and flows are in their states; this is Prefect losing its server.
            _fail(one_line(masked(str(error) or type(error).__name__)))
    if not state.is_completed():
        _fail(str(state.message))
    show_tables(state.result())
    _tell_next(job)


def _fail(message: str) -> NoReturn:
    stderr.print(f"error: {message}", soft_wrap=True)
    sys.exit(1)


def _start_server() -> None:
    """Start a temporary server unless the user has one."""
    if not PREFECT_API_URL.value() and PREFECT_SERVER_ALLOW_EPHEMERAL_MODE.value():
        from .server import TemporaryServer  # noqa: PLC0415  costs seconds

        TemporaryServer().start()


def _parse(description: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--config", metavar="JOB.YAML", required=True, help="the job's settings")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="override one setting"
    )
    return parser.parse_args()


def _tell_next(job: JobConfig) -> None:
    """Print where the outputs lie, and which commands to run next."""
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
    """Return the address that shows the run and its artifacts, or the command that starts it."""
    if PREFECT_API_URL.value():
        return (
            f"{without_credentials(PREFECT_UI_URL.value())}/runs   # the runs and their artifacts"
        )
    home = f"PREFECT_HOME={os.environ['PREFECT_HOME']} " if "PREFECT_HOME" in os.environ else ""
    return f"{home}{_BIN / 'prefect'} server start   # the runs and their artifacts"


def _print_command(command: str) -> None:
    stdout.print(f"  {command}", soft_wrap=True, markup=False)
