"""Clean stops: SIGTERM and Ctrl-C end a process with 143 and 130, and with one line on stderr.

Both raise in the main thread, so that whatever is in hand is unwound; temporary files go on that
way. A process whose main thread or worker hangs in the operating system is left all the same.
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
    128 + signal.SIGINT: "interrupted; run again to go on",
    128 + signal.SIGTERM: "terminated; run again to go on",
}
#: Longer than fragments in hand may take to end, shorter than orchestrators wait (30 s).
_GRACE_S = 15.0


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Let SIGTERM and SIGINT inside end the process cleanly; a second signal ends it at once.

    Only the main thread can set handlers; in another one this does nothing.

    Raises:
        SystemExit: of code 143 or 130, once everything inside is unwound.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with _last_resort():
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # `nohup` and shells in the background mean it
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
        # The interpreter would wait for such a thread before it runs what was left for the exit,
        # for example what stops Prefect's server.
        atexit._run_exitfuncs()
        _leave(code)
    sys.exit(code)


def _is_held_up() -> bool:
    """Whether work on a fragment does not end although it was given up."""
    threads = [one for one in threading.enumerate() if one.name.startswith(THREAD_PREFIX)]
    for thread in threads:
        thread.join(timeout=1.0)  # those that are idle end at once
    return any(thread.is_alive() for thread in threads)


def _leave(code: int) -> NoReturn:
    os.write(2, b"something does not answer; left without waiting for it\n")
    os._exit(code)


@contextmanager
def _last_resort() -> Iterator[None]:
    """A thread that ends the process some time after a signal inside, if nothing else does.

    Handlers run between two instructions of Python: a main thread that waits for a file system
    inside Arrow never comes to one. The wake-up descriptor is written to in any case.
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
    """Read numbers of signals until nobody writes any; end the process a while after one of ours.

    It goes on although the descriptor is closed then: threads that hang hold up the exit, too.
    """
    with os.fdopen(descriptor, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            code = 128 + number[0]
            if code in _LINES:
                time.sleep(_GRACE_S)
                _leave(code)
