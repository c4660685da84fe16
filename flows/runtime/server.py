"""The temporary server of a flow that has no standing one.

Prefect would start it in the terminal's process group, where Ctrl-C ends all processes at once: the
server would stop before the flow reports how the run ended. This one has its own session, and stops
when the process that started it is gone, however that ended.
"""

import os
import subprocess
import sys
import threading
from typing import Any  # Popen is generic in what its pipes carry

import uvicorn
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import get_current_settings


class TemporaryServer(SubprocessASGIServer):
    """Prefect's server for one process; once created, Prefect finds and uses it."""

    def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        # The settings of Prefect's own temporary server: no pages, no settings read twice.
        own = {
            "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT__SERVER_FINAL": "1",
        }
        return subprocess.Popen(  # noqa: S603  our own command
            [sys.executable, "-m", f"{__package__}.server", str(self.port)],
            stdin=subprocess.PIPE,  # closed by the end of this process
            env={**os.environ, **settings, **own},
            start_new_session=True,
        )


def serve(port: int) -> None:
    """Serve until SIGTERM, or until standard input ends."""
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=port,
        log_level="error",
        lifespan="on",
    )


def _outlive_nobody() -> None:
    """Exit at once when the other end of standard input closes; SQLite's journal survives that."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
