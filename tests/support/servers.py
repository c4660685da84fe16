"""A standing Prefect server and other processes of their own, and what a server has recorded."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
from prefect.client.orchestration import SyncPrefectClient
from prefect.events import Event
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter

REPOSITORY = Path(__file__).parents[2]
PREFECT = str(Path(sys.executable).with_name("prefect"))
BASH = str(shutil.which("bash"))
#: Seconds that two busy cores may need to start or to end something.
PATIENCE_S = 240

T = TypeVar("T")


def wait_for(found: Callable[[], T], what: str, seconds: float = PATIENCE_S) -> T:
    """Ask until the answer is true; fail when it never comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:g} s for {what}")


def events_of(client: SyncPrefectClient, event: str, resource: str) -> list[Event]:
    """Events of one kind about one resource, once there is any: they are sent in the background."""
    sought = EventFilter(
        event=EventNameFilter(name=[event]), resource=EventResourceFilter(id=[resource])
    )
    return wait_for(
        lambda: client.read_events(filter=sought, limit=50).events, f"{event} of {resource}", 60
    )


@dataclass(frozen=True)
class StandingServer:
    """A server with a database of its own, reached on loopback.

    Args:
        url: of its pages; the API is below it.
        folder: its home, and the logs of the processes that were started beside it.
        checkout: folder that commands run in.
        processes: started so far.
    """

    url: str
    folder: Path
    checkout: Path = REPOSITORY
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Where commands find this server, and nothing of the server that other tests share."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        return {
            **inherited,
            "PATH": f"{Path(PREFECT).parent}{os.pathsep}{os.environ['PATH']}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PREFECT_HOME": str(self.folder / "home"),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_SERVER_API_PORT": self.url.rpartition(":")[2],
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_CLI_PROMPT": "false",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own; what it says is in `<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.checkout,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def run(self, *command: str, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its exit code."""
        return subprocess.run(
            command,
            cwd=self.checkout,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def client(self) -> SyncPrefectClient:
        """A client of this server."""
        return SyncPrefectClient(f"{self.url}/api")

    def log(self, name: str) -> str:
        """What a process has said so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return httpx.get(f"{self.url}/api/health", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """End whatever was started, and what that has started."""
        for process in reversed(self.processes):
            stop(process)


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    """Signal the process group, whether or not its leader still lives, and reap the leader."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    process.wait(60)


@contextmanager
def standing_server(
    folder: Path, checkout: Path = REPOSITORY, script: str = "prefect server start"
) -> Iterator[StandingServer]:
    """A server on a free port of loopback, with SQLite in `folder`.

    Args:
        folder: its home.
        checkout: folder that commands run in.
        script: starts it; the port 4200 is replaced by the free one.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = StandingServer(f"http://127.0.0.1:{port}", folder, checkout)
    (folder / "home").mkdir(parents=True)
    try:
        server.start("server", BASH, "-euxc", script.replace("4200", str(port)))
        wait_for(server.is_up, "the server")
        yield server
    finally:
        server.stop()
