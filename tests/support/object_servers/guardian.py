"""Run a command until whoever started us is gone, however that ended.

A script on the standard library alone. Our standard input is a pipe that nobody writes to: its end
is closed with the process that holds it, even one that was killed. Usage: `guardian.py '{"command":
[...], "remove": [...]}'`; the paths of `remove` are files that the command leaves behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading


def main() -> None:
    """Start the command, and end with it or end it."""
    order = json.loads(sys.argv[1])
    child = subprocess.Popen(order["command"], stdin=subprocess.DEVNULL)

    def follow() -> None:
        code = child.wait()
        remove(order["remove"])
        os._exit(code % 256)

    follower = threading.Thread(target=follow)
    follower.start()
    sys.stdin.buffer.read()
    remove(order["remove"])  # first, so that whoever sees the command's end finds nothing left
    child.kill()
    follower.join()


def remove(paths: list[str]) -> None:
    """Remove the files that are there."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


if __name__ == "__main__":
    main()
