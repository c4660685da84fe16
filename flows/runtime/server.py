"""The temporary server of a flow that has no standing one.

Prefect would start it among the processes of the terminal, whose Ctrl-C ends them all at once, the
server before the flow has told it how the run ended. Ours has a session of its own, and stops when
the process that started it is gone, however that ended.
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
    """Prefect's server for one process; once made, it is the one that Prefect finds, too."""

    def _run_uvicorn_command(self) -> "subprocess.Popen[Any]":
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        # What Prefect's own temporary server runs with: no pages, no settings read twice.
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
    """Leave at once when the other end of standard input is closed; SQLite's journal bears it."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
