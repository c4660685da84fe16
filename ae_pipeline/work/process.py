"""A worker process as the thread sees it that leads it.

It is started by a plain command, not by `multiprocessing`: a script that calls us without a
`__main__` guard is not run again, and nothing is forked beside TensorFlow's threads.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Any  # whatever work makes

from ae_pipeline.cancellation import beat, check_wanted
from ae_pipeline.errors import ClusterError
from ae_pipeline.store import hear, packed_credentials
from ae_pipeline.work.attempt import Item
from ae_pipeline.work.look_ahead import n_threads_now
from ae_pipeline.work.orders import Orders
from ae_pipeline.work.records import handle
from ae_pipeline.work.worker import Message

#: How often a thread looks whether its worker is still wanted, and how long one may take to end.
_LOOK_S, _GRACE_S = 0.25, 5.0
_COMMAND = """\
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from ae_pipeline.work.worker import serve
serve(int(sys.argv[1]))
"""


class WorkerDiedError(Exception):
    """A worker process ended without an answer."""


class Worker:
    """A process, and the line to it.

    Raises:
        ClusterError: it cannot be started.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self._line = Connection(ours.detach())
        self._told: Orders | None = None
        with theirs:
            self._process = self._start(theirs)
        try:
            self._receive()  # that it is ready
        except (EOFError, ConnectionError) as error:
            self._line.close()
            raise _not_started(f"it {self._ending()}") from error
        except BaseException:
            self.end()
            raise

    def _start(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        paths = json.dumps([path for path in sys.path if isinstance(path, str)])
        try:
            return subprocess.Popen(  # noqa: S603, the interpreter that runs us
                [sys.executable, "-c", _COMMAND, str(theirs.fileno()), paths],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us, who tell it
            )
        except OSError as error:
            self._line.close()
            raise _not_started(str(error)) from error

    def attempt(self, orders: Orders, item: Item) -> Any:
        """Return what the work makes of an item, or a failure.

        Raises:
            WorkerDiedError: the process ends meanwhile.
            Exception: a bug in the work.
        """
        try:
            if self._told is not orders:
                self._line.send(orders)
                self._line.send_bytes(packed_credentials())  # which no pickle has
                self._told = orders
            self._line.send((item, n_threads_now()))
            return self._answer()
        except (EOFError, ConnectionError) as error:
            raise WorkerDiedError(self._ending()) from error

    def _answer(self) -> Any:
        while True:
            kind, content = self._receive()
            if kind == "made":
                return content
            if kind == "bug":
                raise content
            if kind == "log":
                handle(content)
            if kind == "news":
                hear(content)
            beat()

    def _receive(self) -> Message:
        while not self._line.poll(_LOOK_S):
            check_wanted()
        message: Message = self._line.recv()
        return message

    def end(self) -> None:
        """Close the line, at which the process ends; kill it if it does not."""
        self._line.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ending(self) -> str:
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            return "closed its line"
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"


def _not_started(reason: str) -> ClusterError:
    return ClusterError(
        "a worker process cannot be started",
        where=sys.executable,
        got=reason,
        remedy="set execution.engine to threads",
    )
