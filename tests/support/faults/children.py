"""Forked children."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable


def in_child(run: Callable[[], None]) -> int:
    """Exit code of a child that runs it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
