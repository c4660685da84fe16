"""Servers as processes: free ports, until they listen, and never longer than we live."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
GUARDIAN = Path(__file__).with_name("guardian.py")
START_TIMEOUT_S = 60  # a loaded machine takes ten times as long
POLL_S = 0.02


def free_ports(n_ports: int) -> list[int]:
    """Ports of loopback that nobody listens to, all different."""
    with ExitStack() as sockets:
        opened = [sockets.enter_context(socket.socket()) for _ in range(n_ports)]
        for each in opened:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in opened]


@contextmanager
def serve(
    command: Sequence[str], port: int, folder: Path, remove: Sequence[str] = ()
) -> Iterator[None]:
    """Run a server in the folder while the context is open.

    Args:
        command: program and arguments.
        port: where it will listen.
        folder: its working directory, where it also leaves `server.log`.
        remove: files outside the folder that it leaves behind.

    Raises:
        RuntimeError: it ended or did not listen in time; the message has the end of its log.
    """
    order = json.dumps({"command": list(command), "remove": list(remove)})
    log = folder / "server.log"
    with (
        log.open("wb") as output,
        # In a session of its own the guardian outlives a signal to our group, and cleans up.
        subprocess.Popen(
            [sys.executable, "-I", "-S", str(GUARDIAN), order],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as guardian,
    ):
        _await_listener(guardian, port, log)
        yield


def _await_listener(guardian: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Connect until somebody answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while guardian.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        with suppress(subprocess.TimeoutExpired):
            guardian.wait(POLL_S)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"no server listens on port {port}; its log ends:\n{tail}")
