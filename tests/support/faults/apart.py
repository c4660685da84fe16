"""Loops over damage in processes of their own.

A process of its own has a limit on memory, and a crash of a library below us is one failure here
and not the end of the tests.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from ae_pipeline.errors import AePipelineError

#: Memory that reading a damaged fragment, and decoding a forged block, may take beyond the usual.
FRAGMENT_SPACE = 1 << 30
BLOCK_SPACE = 192 << 20  # of addresses; Zstandard reserves up to 128 MiB of it and uses little
BLOCK_RESIDENT = 48 << 20
BYTES_PER_VALUE = 64  # decoding a block, per row and column
BYTES_PER_WEIGHT, BYTES_OF_LAYERS = 16, 32 << 20


def run_apart(loop: Callable[..., Iterator[str]], *arguments: object) -> list[str]:
    """Run a function of a test module in another process; the complaints that it returned."""
    code = "import sys; from tests.support.faults import apart; apart.main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, loop.__module__, loop.__name__, *map(str, arguments)]
    root = Path(__file__).parents[3]
    # A compiler takes addresses of its own, once, whatever it compiles.
    own = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=root, env=own, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def main(module: str, name: str, *arguments: str) -> None:
    """The other end of `run_apart`."""
    loop = getattr(importlib.import_module(module), name)
    sys.stdout.write(json.dumps(list(loop(*arguments))))


def limit_space(n_bytes: int) -> None:
    """Limit this process to this many more bytes of address space."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + n_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)  # kept: who lowers it cannot raise it again
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def complaint_of(is_right: Callable[[], bool]) -> str:
    """Empty if there was a named error, or what was read is right."""
    try:
        return "" if is_right() else "another value"
    except AePipelineError:
        return ""
    except Exception as error:  # whatever else there is, is what we look for
        return f"{type(error).__name__}: {error}"
