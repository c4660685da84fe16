"""The installed command, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

COMMAND = Path(sys.executable).parent / "ae-pipeline"
#: A fixture: arguments to (exit code, stdout, stderr), called in this process.
Call = Callable[..., tuple[int, str, str]]
#: Options of a fit that takes seconds.
FAST = ("--epochs", "2", "--latent-dim", "2")


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )
