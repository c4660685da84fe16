"""Servers start when they are needed, and end with whoever started them."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.object_servers.azurite import azurite_needs
from tests.support.object_servers.processes import LOOPBACK, free_ports, serve

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from tests.support.object_servers.{kind} import {kind}
with {kind}(Path(sys.argv[1])) as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["moto", "seaweedfs", "azurite"])
@pytest.mark.parametrize("killed", [False, True], ids=["leaves", "is killed"])
def test_dies_with_its_parent(kind: str, killed: bool, tmp_path: Path) -> None:
    """A server ends with the process that started it, and leaves no socket behind."""
    if kind == "azurite" and (needs := azurite_needs()):
        pytest.skip(needs)
    before = _strays()
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(kind=kind), str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        port = int(parent.stdout.readline())
        with socket.create_connection((LOOPBACK, port)) as held:
            parent.send_signal(signal.SIGKILL) if killed else parent.stdin.close()
            _await_end(held)
    assert _strays() <= before


def test_tells_why_it_did_not_start(tmp_path: Path) -> None:
    """A server that ends instead of listening is an error with the end of its log."""
    (port,) = free_ports(1)
    command = [sys.executable, "-c", "raise SystemExit('no licence')"]
    with pytest.raises(RuntimeError, match="no licence"), serve(command, port, tmp_path):
        pass


def _await_end(held: socket.socket) -> None:
    """Wait until the other end of a connection is closed."""
    readable, _, _ = select.select([held], [], [], 60)
    assert readable, "the server outlived its parent"
    with suppress(ConnectionResetError):
        assert held.recv(1) == b""


def _strays() -> set[str]:
    """Sockets of SeaweedFS in the folder that it always uses."""
    return {name for name in os.listdir("/tmp") if name.startswith("seaweedfs-")}  # noqa: S108
