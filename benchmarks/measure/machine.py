"""The machine and the package versions behind the numbers."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("numpy", "pyarrow", "tensorflow-cpu", "keras")


def machine_line() -> str:
    """Return CPU, cores, versions and date in one line."""
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    today = datetime.now(UTC).date().isoformat()
    return (
        f"{_cpu_model()}, {os.cpu_count()} cores; "
        f"Python {platform.python_version()}, {packages}; {today}"
    )


def load_line() -> str:
    """Return how many processes want a core now, on average over 1 and 5 minutes."""
    one, five, _ = os.getloadavg()
    return f"load average {one:.1f} over 1 minute, {five:.1f} over 5, {os.cpu_count()} cores"


def _cpu_model() -> str:
    """Return the CPU's model on Linux, its architecture elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
