"""How processes end at a signal. Whole commands that are stopped are in `test_faults.py`."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from ae_pipeline.cli.signals import stopping_cleanly

# A signal inside this process would end it: those tests have one of their own.
SCRIPT = """
import os, signal, threading
from ae_pipeline.cli.signals import stopping_cleanly
{before}
with stopping_cleanly():
    {inside}
print("after")
"""


def ended(inside: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """A process that does something inside of `stopping_cleanly`."""
    script = SCRIPT.format(inside=inside, before=before)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGTERM, 143, "terminated; run again to continue\n"),
        (signal.SIGINT, 130, "interrupted; run again to continue\n"),
    ],
)
def test_codes_and_lines(number: signal.Signals, code: int, line: str) -> None:
    """Each signal has its exit code and one line; `finally` blocks have run by then."""
    inside = f"""
    try:
        signal.raise_signal({number.value})
    finally:
        print("unwound")
"""
    process = ended(inside)
    assert (process.returncode, process.stderr) == (code, line)
    assert process.stdout == "unwound\n"


def test_ignored_signals_stay_ignored() -> None:
    """Who started the process so that it ignores Ctrl-C means it, as `nohup` does."""
    before = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    process = ended("signal.raise_signal(signal.SIGINT)", before)
    assert (process.returncode, process.stdout, process.stderr) == (0, "after\n", "")


def test_thread_that_never_ends() -> None:
    """Work on a fragment that hangs does not hold up the exit, and what is left for it is run."""
    before = """
import atexit
from ae_pipeline.work.threads import THREAD_PREFIX
atexit.register(lambda: print("at exit", flush=True))
hanging = threading.Thread(target=threading.Event().wait, name=THREAD_PREFIX + "0")
hanging.start()
"""
    process = ended("signal.raise_signal(signal.SIGTERM)", before)
    assert process.returncode == 143
    assert process.stdout == "at exit\n"
    assert "does not answer" in process.stderr


def test_handlers_are_put_back() -> None:
    """Afterwards signals do what they did before, whatever happened inside."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    with stopping_cleanly():
        assert [signal.getsignal(number) for number in numbers] != before
    with pytest.raises(SystemExit) as end, stopping_cleanly():
        sys.exit(1)
    assert end.value.code == 1
    assert [signal.getsignal(number) for number in numbers] == before


def test_interrupt_that_was_caught_already(capsys: pytest.CaptureFixture[str]) -> None:
    """What turned Ctrl-C into its exit code by itself gets the line, too."""
    with pytest.raises(SystemExit) as end, stopping_cleanly():
        sys.exit(130)
    assert end.value.code == 130
    assert capsys.readouterr().err == "interrupted; run again to continue\n"


def test_other_threads_are_left_alone() -> None:
    """In a thread that cannot set handlers the block runs all the same."""
    ran: list[bool] = []

    def run() -> None:
        before = signal.getsignal(signal.SIGTERM)
        with stopping_cleanly():
            ran.append(signal.getsignal(signal.SIGTERM) is before)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ran == [True]
