"""Worker processes, each led by a thread of this one: what a thread is given, its worker does.

Processes do not wait for each other's interpreter lock. They are started by a plain command, not by
`multiprocessing`: a script that calls us without a `__main__` guard is not run again, and nothing
is forked beside TensorFlow's threads.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from queue import Empty, LifoQueue

from ae_pipeline.cancellation import beat, check_wanted
from ae_pipeline.dataset import Fragment
from ae_pipeline.protection import now_protected
from ae_pipeline.results.dataset import FragmentFailure
from ae_pipeline.work.attempt import Attempted, Work
from ae_pipeline.work.worker import Message, Orders

#: A fragment in whose course so many workers died is not tried again.
_MOST_DEATHS = 2
#: How often a thread looks whether its worker is still wanted, and how long one may take to end.
_LOOK_S, _GRACE_S = 0.25, 10.0
_COMMAND = """\
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from ae_pipeline.work.worker import serve
serve(int(sys.argv[1]))
"""

logger = logging.getLogger(__name__)


class WorkerDiedError(Exception):
    """A worker process ended without an answer."""


class Crew:
    """Worker processes, started as they are needed and used again.

    Args:
        work: what they do.
    """

    def __init__(self, work: Work) -> None:
        self._orders = Orders(work, now_protected(), logging.getLogger().getEffectiveLevel())
        self._idle: LifoQueue[_Worker] = LifoQueue()

    def attempt(self, fragment: Fragment) -> Attempted:
        """Let a worker work on a fragment; another one if it dies, and a failure if that dies, too.

        Raises:
            Abandoned: the work was cancelled; the worker has ended.
            Exception: a bug in the work.
        """
        for _ in range(_MOST_DEATHS):
            try:
                return self._attempt(fragment)
            except WorkerDiedError as error:
                reason = str(error)
                logger.warning("%s: its worker process %s", fragment.relative, reason)
        message = (
            f"{_MOST_DEATHS} worker processes died at it, the last one {reason}: its rows may need "
            "more memory than there is; try fewer workers (execution.workers)"
        )
        return FragmentFailure(fragment.relative, message, is_retriable=False)

    def _attempt(self, fragment: Fragment) -> Attempted:
        worker = self._take()
        try:
            made = worker.attempt(fragment)
        except BaseException:
            worker.end()
            raise
        self._idle.put(worker)
        return made

    def _take(self) -> _Worker:
        try:
            return self._idle.get_nowait()
        except Empty:
            return _Worker(self._orders)

    def end(self) -> None:
        """End all workers."""
        while not self._idle.empty():
            self._idle.get().end()


@contextmanager
def crew(work: Work) -> Iterator[Crew]:
    """Yield workers, which end with the context."""
    found = Crew(work)
    try:
        yield found
    finally:
        found.end()


class _Worker:
    """A process, and the line to it."""

    def __init__(self, orders: Orders) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            number, paths = str(theirs.fileno()), json.dumps(sys.path)
            self._process = subprocess.Popen(  # noqa: S603, the interpreter that runs us
                [sys.executable, "-c", _COMMAND, number, paths],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us, who tell it
            )
        self._line = Connection(ours.detach())
        self._orders: Orders | None = orders

    def attempt(self, fragment: Fragment) -> Attempted:
        """Work on a fragment; `WorkerDiedError` if the process ends meanwhile."""
        try:
            if self._orders is not None:
                self._line.send(self._orders)
                self._orders = None
            self._line.send(fragment)
            return self._answer()
        except (EOFError, ConnectionError) as error:
            raise WorkerDiedError(self._ending()) from error

    def _answer(self) -> Attempted:
        while True:
            while not self._line.poll(_LOOK_S):
                check_wanted()
            message: Message = self._line.recv()
            kind, content = message
            if kind == "made":
                made: Attempted = content
                return made
            if kind == "bug":
                raise content
            if kind == "log":
                logging.getLogger(content.name).handle(content)
            beat()

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
