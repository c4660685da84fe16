"""Run a command of a checkout, and note how its calls pass through the modules.

    python -P call_trace.py CHECKOUT FILE -- VERB ...

A separate program that imports nothing from the project, so that it runs on any checkout. It
writes JSON: `crossings`, the calls from one module into another, and `visits`, a [module, function]
pair for each function in the order of its first call. What runs while a module is imported does
not count, since checkouts import at different times; comprehensions and lambdas belong to what
holds them. A generator that goes on counts as a call.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType
from typing import Any  # what the interpreter passes to a profiler

_ROOMS = ("ae_pipeline", "flows")


class Trace:
    """Calls of functions of one checkout.

    Args:
        checkout: its root.
    """

    def __init__(self, checkout: Path) -> None:
        self.crossings = 0
        self.visits: list[tuple[str, str]] = []
        self._prefix = os.path.realpath(checkout) + os.sep
        self._modules: dict[str, str] = {}
        self._seen: set[CodeType] = set()

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        """For `sys.setprofile`: count a call of a function of the checkout."""
        code = frame.f_code
        module = self._module(code)
        if event != "call" or not module or code.co_name.startswith("<"):
            return
        if not code.co_flags & CO_OPTIMIZED or self._is_importing(frame):
            return
        if self._caller(frame) != module:
            self.crossings += 1
        if code not in self._seen:
            self._seen.add(code)
            self.visits.append((module, code.co_qualname))

    def _is_importing(self, frame: FrameType) -> bool:
        """Return whether a module of the checkout is executed further up."""
        above = frame.f_back
        while above is not None:
            if above.f_code.co_name == "<module>" and self._module(above.f_code):
                return True
            above = above.f_back
        return False

    def _caller(self, frame: FrameType) -> str:
        """Return the module of the nearest caller in the checkout; empty if none."""
        above = frame.f_back
        while above is not None and not self._module(above.f_code):
            above = above.f_back
        return "" if above is None else self._module(above.f_code)

    def _module(self, code: CodeType) -> str:
        """Return the dotted name of a function's module; empty if it is outside the checkout."""
        name = self._modules.get(code.co_filename)
        if name is None:
            path = os.path.realpath(code.co_filename)
            inner = path.removeprefix(self._prefix)
            is_ours = inner != path and inner.split(os.sep)[0] in _ROOMS
            name = inner.removesuffix(".py").replace(os.sep, ".") if is_ours else ""
            self._modules[code.co_filename] = name
        return name


def run_traced(run: Callable[[], object], trace: Trace) -> int | str | None:
    """Run a command line in all its threads; return its exit status."""
    threading.setprofile(trace.profile)
    sys.setprofile(trace.profile)
    try:
        run()
    except SystemExit as end:
        return end.code
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return 0


def main() -> None:
    """Trace the command that follows `--`; exit as it does."""
    checkout, path = Path(sys.argv[1]), Path(sys.argv[2])
    sys.argv = ["ae-pipeline", *sys.argv[4:]]
    sys.path.insert(0, str(checkout))
    from ae_pipeline.cli import main as command

    trace = Trace(checkout)
    code = run_traced(command, trace)
    path.write_text(json.dumps({"crossings": trace.crossings, "visits": trace.visits}))
    sys.exit(code)


if __name__ == "__main__":
    main()
