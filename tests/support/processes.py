"""Commands of ours in processes of their own, stopped at a definite point of their work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ae_pipeline.config.job import VerifyJob
from ae_pipeline.dataset import discover
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.verbs import verify
from tests.support.datasets import mixed_table, write_tree

#: Steps of a hundredth of a second that a process may take to come to a point, and to its end.
_MOST_STEPS = 10_000
_IDLE_STEPS = 50
#: What processes of stopped work end with.
STOP_CODES = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 143, signal.SIGINT: 130}


class Running:
    """`python -m MODULE ARGUMENTS`, killed with all its children if it is left running.

    Args:
        arguments: of the command line.
        module: what is run.
        environment: variables beside those of this process.
    """

    def __init__(
        self, *arguments: object, module: str = "ae_pipeline.cli", **environment: str
    ) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115  a pipe could run full
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._output.close()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode()

    def wait_until(self, is_so: Callable[[], object]) -> None:
        """Return as soon as it is so; fails if the process ends before or it takes too long."""
        for _ in range(_MOST_STEPS):
            if is_so():
                return
            try:
                self.process.wait(timeout=0.01)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"ended before it was so: {self.output}")
        raise AssertionError(f"never so: {self.output}")

    def wait_until_idle(self) -> None:
        """Return once it minds SIGTERM and has spent no processor time for half a second."""
        self.wait_until(lambda: self.minds(signal.SIGTERM))
        times: list[int] = []

        def is_idle() -> bool:
            times.append(self._processor_ticks())
            return len(times) > _IDLE_STEPS and times[-_IDLE_STEPS] == times[-1]

        self.wait_until(is_idle)

    def minds(self, number: signal.Signals) -> bool:
        """Whether it has a handler of its own for a signal."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        (caught,) = [line for line in status.splitlines() if line.startswith("SigCgt")]
        return bool(int(caught.split()[1], 16) >> (number - 1) & 1)

    def _processor_ticks(self) -> int:
        """Time of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").split()
        return int(fields[13]) + int(fields[14])

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone."""
        self.process.send_signal(number)

    def interrupt(self) -> None:
        """Ctrl-C in its terminal: SIGINT to the whole group, whatever it has started."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """The exit code, once it has ended."""
        return self.process.wait(timeout=_MOST_STEPS / 100)


def run(*arguments: object) -> str:
    """Run a command that must succeed; returns what it printed."""
    with Running(*arguments) as running:
        assert running.end() == 0, running.output
        return running.output


def many_fragments(root: Path, n_fragments: int) -> Path:
    """So many small fragments of mixed columns, of three different contents; returns `root`."""
    write_tree(root, {f"part-{number}.parquet": mixed_table(number) for number in range(3)})
    for number in range(3, n_fragments):
        shutil.copy(root / f"part-{number % 3}.parquet", root / f"part-{number}.parquet")
    return root


def published(root: Path) -> list[Path]:
    """Files of a dataset under final names."""
    return sorted(
        path
        for path in root.rglob("*.parquet")
        if not any(part.startswith(("_", ".")) for part in path.relative_to(root).parts)
    )


def half_files(root: Path) -> list[Path]:
    """Files that are not whole."""
    return [path for path in root.rglob("*") if is_temporary(path.name)]


def assert_whole(archive: Path, source: Path) -> None:
    """Everything under a final name decodes to its source, value by value."""
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    absent = [one for one in report.failures if "not in the archive" in one.message]
    assert list(report.failures) == absent
    assert len(report.fragments) == len(published(archive)) > 0


def assert_complete(archive: Path, source: Path) -> None:
    """The archive has every fragment of the source, and every value is within its promise."""
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    assert report.failures == ()
    assert len(report.fragments) == len(discover(source).fragments)
    assert report.total.metrics is not None
    assert report.total.metrics.n_mismatched == 0


def assert_same_files(dataset: Path, other: Path) -> None:
    """Two datasets have the same files under final names, byte by byte."""
    contents = [
        {path.relative_to(root): path.read_bytes() for path in published(root)}
        for root in (dataset, other)
    ]
    assert contents[0] == contents[1] != {}


def peak_memory() -> int:
    """Most bytes of memory that this process held; `getrusage` counts its parent, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * 1024
