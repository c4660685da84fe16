"""Kernels that Numba compiles: what is done value by value or symbol by symbol, as machine code.

They take plain arrays and give the same integers as the coders in numpy, so nobody needs them; an
installation without Numba goes without, and so does a job that is done before they would be ready.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

_logger = logging.getLogger(__name__)

#: CPU-seconds without kernels after which Numba is imported and the first kernel loaded, and those
#: after which kernels are compiled whose machine code it has not kept: about what either takes.
_IMPORT_S, _COMPILE_S = 0.35, 5.0


class _Spent:
    """CPU-seconds of this process that kernels would save in large part; whether they failed."""

    seconds = 0.0
    has_failed = False


@contextmanager
def doing_without() -> Iterator[None]:
    """Count the CPU time inside as spent without kernels."""
    started = time.thread_time()
    try:
        yield
    finally:
        # Threads may lose some of it to each other, which does not matter.
        _Spent.seconds += time.thread_time() - started


def kernels_pay(*names: str) -> bool:
    """Whether these kernels are there, or take no longer to be so than was spent without them.

    Args:
        names: of kernels, after those of their modules: `rows.read_rows`.
    """
    if _Spent.has_failed or _Spent.seconds < _IMPORT_S or not has_kernels():
        return False
    return _Spent.seconds >= _COMPILE_S or all(map(_is_kept, names))


def ran(name: str, *arguments: object) -> bool:
    """Call a kernel; return whether it did its work: not if it does not pay, or cannot be compiled.

    Args:
        name: of the kernel, as for `kernels_pay`.
        arguments: of it; arrays are contiguous, and take what it finds.
    """
    if not kernels_pay(name):
        return False
    try:
        _kernel(name)(*arguments)
    except Exception as error:  # Numba lets errors of its files and its compiler through
        give_up(error)
        return False
    return True


def give_up(error: Exception) -> None:
    """Do without kernels from now on: their compiler failed, or a file that it keeps is damaged."""
    _logger.info("tables are coded without compiled kernels: %r", error)
    _Spent.has_failed = True


@cache
def has_kernels() -> bool:
    """Whether kernels can be compiled here; the first call imports Numba, unless told not to."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return False
    try:
        from ae_pipeline.compiled import (  # noqa: F401, PLC0415
            contexts,
            decoding,
            levels,
            predicting,
            quantizing,
            rows,
        )
    except ImportError:
        return False
    except RuntimeError as error:
        # Numba finds no folder to keep machine code in: compiling in each process takes longer
        # than it saves.
        _logger.info("tables are coded without compiled kernels: %s", error)
        return False
    return True


@cache
def _kernel(name: str) -> Callable[..., object]:
    module, function = name.split(".")
    found: Callable[..., object] = getattr(import_module(f"{__name__}.{module}"), function)
    return found


@cache
def _is_kept(name: str) -> bool:
    """Whether Numba has kept machine code of a kernel, as far as names of files tell."""
    from ae_pipeline.compiled.compiling import folder_of  # noqa: PLC0415

    pattern = f"*.{name.partition('.')[2]}-*.nbi"
    return any(Path(folder_of(_kernel(name))).glob(pattern))
