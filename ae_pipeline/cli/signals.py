"""Clean stops: SIGTERM and Ctrl-C end a process with 143 and 130, and with one line on stderr.

Both raise in the main thread, so that the stack unwinds and temporary files are removed. The
process ends even if its main thread or a worker hangs in the operating system.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from ae_pipeline.cli.terminal import stderr
from ae_pipeline.work import THREAD_PREFIX

_LINES = {
    128 + signal.SIGINT: "interrupted; run again to continue",
    128 + signal.SIGTERM: "terminated; run again to continue",
}
#: Longer than a running fragment needs to end, shorter than orchestrators wait (30 s).
_GRACE_S = 15.0


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGINT inside end the process cleanly; a second signal ends it at once.

    Only the main thread can set handlers; in any other thread this does nothing.

    Raises:
        SystemExit: code 143 or 130, once the stack inside has unwound.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with _last_resort():
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # set by `nohup` and by shells for background jobs
                signal.signal(number, _stop)
        try:
            yield
        except KeyboardInterrupt:
            _exit(128 + signal.SIGINT)
        except SystemExit as end:
            if end.code not in _LINES:
                raise
            _exit(int(end.code or 0))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def _exit(code: int) -> NoReturn:
    stderr.print(_LINES[code])
    if _is_held_up():
        # The interpreter would wait for such a thread before it runs exit handlers, such as the
        # one that stops Prefect's server.
        atexit._run_exitfuncs()
        _leave(code)
    sys.exit(code)


def _is_held_up() -> bool:
    """Whether a worker is still busy with a fragment after it was told to stop."""
    threads = [one for one in threading.enumerate() if one.name.startswith(THREAD_PREFIX)]
    for thread in threads:
        thread.join(timeout=1.0)  # idle ones end at once
    return any(thread.is_alive() for thread in threads)


def _leave(code: int) -> NoReturn:
    os.write(2, b"a file system does not answer; exiting without waiting for it\n")
    os._exit(code)


@contextmanager
def _last_resort() -> Iterator[None]:
    """A thread that ends the process a while after a signal inside, if nothing else does.

    Handlers run between two instructions of Python, which a main thread that waits for a file
    system inside Arrow never reaches. The wake-up descriptor is written to in any case.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    former = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_outlast, args=(reading,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        os.close(writing)


def _outlast(descriptor: int) -> None:
    """Read signal numbers until the pipe closes; end the process a while after SIGTERM or SIGINT.

    It outlives the block, because threads that hang delay the interpreter's exit as well.
    """
    with os.fdopen(descriptor, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            code = 128 + number[0]
            if code in _LINES:
                time.sleep(_GRACE_S)
                _leave(code)
