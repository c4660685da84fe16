"""Run a program in a fresh process and measure its cost.

The kernel counts a child's peak memory from the moment it shares its parent's pages, so whoever
calls this must have stayed smaller than what it measures.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Time and memory that a process used, from start to end."""

    cpu_s: float
    wall_s: float
    peak_bytes: int


def run_python(arguments: Sequence[str], log: Path) -> Cost:
    """Run this Python with `arguments`; raise `RuntimeError` with the log's end if it fails."""
    with log.open("wb") as output:
        started = os.times().elapsed
        process = subprocess.Popen([sys.executable, *arguments], stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = os.times().elapsed - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{log.read_text()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * _MAXRSS_UNIT)


def run_verb(arguments: Sequence[str], log: Path) -> Cost:
    """Run a verb of the command line, as a user would."""
    return run_python(["-c", "from ae_pipeline.cli import main; main()", *arguments], log)


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the median of each cost, but the largest memory."""
    return Cost(
        median(cost.cpu_s for cost in costs),
        median(cost.wall_s for cost in costs),
        max(cost.peak_bytes for cost in costs),
    )


#: `ru_maxrss` is in KiB, on macOS in bytes.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
