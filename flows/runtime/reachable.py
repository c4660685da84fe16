"""Check that a run can begin: a server answers, or a temporary one can write to its home.

Prefect itself retries for minutes and ends in tracebacks; a person wants one line within seconds.
"""

import os
import tempfile
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_HOME,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from ae_pipeline.errors import AePipelineError

from .credentials import masked, without_credentials

_TIMEOUT_S = 3.0
_REFUSED = (401, 403)


class NoServerError(AePipelineError, ConnectionError):
    """No Prefect server can record the run."""


def check_server() -> None:
    """Ask the server for its health, or check that a temporary one could run.

    Raises:
        NoServerError: neither works; the message says what to do.
    """
    url = PREFECT_API_URL.value()
    if url:
        _check_health(url)
    elif PREFECT_SERVER_ALLOW_EPHEMERAL_MODE.value():
        _check_home(Path(PREFECT_HOME.value()))
    else:
        raise NoServerError(
            "there is no Prefect server",
            where="PREFECT_API_URL",
            expected="its address, or PREFECT_SERVER_ALLOW_EPHEMERAL_MODE=true",
        )


def _check_health(url: str) -> None:
    fault = _fault_of_server() and _fault_of_server()  # once more: it may just have been busy
    if fault is None:
        return
    raise NoServerError(
        "Prefect's server cannot be used",
        where=f"PREFECT_API_URL={without_credentials(url)}",
        got=_complaint(fault),
        remedy=_remedy(fault),
    )


def _fault_of_server() -> Exception | None:
    """Return the health check's error, if any; Prefect's client sets headers and certificates."""
    with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}):
        try:
            settings = {"timeout": _TIMEOUT_S}
            with get_client(httpx_settings=settings, sync_client=True) as client:
                return client.api_healthcheck()
        except (httpx.InvalidURL, ValueError, OSError) as error:
            return error


def _complaint(fault: Exception) -> str:
    if isinstance(fault, httpx.HTTPStatusError):
        return f"HTTP {fault.response.status_code} from its health check"
    if isinstance(fault, httpx.TimeoutException):
        return f"no answer within {_TIMEOUT_S:g} s"
    return masked(str(fault) or type(fault).__name__)


def _remedy(fault: Exception) -> str:
    if isinstance(fault, httpx.HTTPStatusError):
        code = fault.response.status_code
        if code in _REFUSED:
            return "check PREFECT_API_KEY or PREFECT_API_AUTH_STRING"
        if code >= 500:
            return "look at the server's log, or unset PREFECT_API_URL to run without a server"
        return "the address of a server ends in /api, for example http://127.0.0.1:4200/api"
    return (
        "start the server (prefect server start), mend the address, or unset PREFECT_API_URL to "
        "run without one"
    )


def _check_home(home: Path) -> None:
    """Raise unless Prefect's home can be written to: a temporary server has its database there."""
    database = home / "prefect.db"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as probe:
            probe.write(bytes(4096))
        if database.exists() and not os.access(database, os.W_OK):
            raise PermissionError(f"{database.name} is read-only")
    except OSError as error:
        raise NoServerError(
            "Prefect cannot write to its home",
            where=f"PREFECT_HOME={home}",
            got=error.strerror or str(error),
            remedy="set PREFECT_HOME to a folder that can be written to",
        ) from None
