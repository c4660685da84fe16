"""How a command passes through the modules, from the command line to bytes.

    python -m benchmarks.call_path [--checkout PATH] [--counts] -- VERB ...

    python -m benchmarks.call_path -- encode sales/ out/archive --workers 1

Runs the command of a checkout, this one by default, under Python's profiler. Prints the path: each
function where it was called first, in stays. A stay in a room (a package of ae_pipeline, or a
module that lies in none) ends where a function of another room is called for the first time; a
return is a stay in a room that was visited before. Several workers mix their paths; one is easier
to read. Any checkout will do whose command line has the verb.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.measure import call_trace

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class CallPath:
    """The path of one command through the modules.

    Args:
        crossings: calls from one module into another.
        visits: (module, function) of each function, in the order of first calls.
    """

    crossings: int
    visits: tuple[tuple[str, str], ...]

    @property
    def modules(self) -> list[str]:
        """Modules, one for each stay."""
        return [module for module, _ in groupby(module for module, _ in self.visits)]

    @property
    def rooms(self) -> list[str]:
        """Rooms, one for each stay."""
        return [room for room, _ in groupby(map(room_of, self.modules))]

    @property
    def stays(self) -> list[tuple[str, str]]:
        """Room, and the functions first called there, for each stay in a room."""
        found = []
        for room, visits in groupby(self.visits, lambda visit: room_of(visit[0])):
            parts = [
                f"{_inside(room, module)}: {', '.join(name for _, name in functions)}"
                for module, functions in groupby(visits, lambda visit: visit[0])
            ]
            found.append((room, "; ".join(parts)))
        return found


def room_of(module: str) -> str:
    """Return the package below ae_pipeline, the module itself outside any, or `flows`."""
    top, *inner = module.split(".")
    return inner[0] if top == "ae_pipeline" and inner else top


def _inside(room: str, module: str) -> str:
    """Return a module's name within its room; the same name if the room is one module."""
    _, _, inner = module.removeprefix("ae_pipeline.").partition(".")
    return inner or room


def trace_command(command: Sequence[str], checkout: Path = _ROOT) -> CallPath:
    """Run a command in a process of its own.

    Raises:
        RuntimeError: the command fails; the message has the end of its output.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        program = [sys.executable, "-P", "-B", call_trace.__file__, str(checkout), str(path), "--"]
        done = subprocess.run([*program, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            printed = (done.stdout + done.stderr)[-2000:]
            raise RuntimeError(f"{' '.join(command)} failed in {checkout}:\n{printed}")
        tree = json.loads(path.read_text())
    return CallPath(tree["crossings"], tuple((module, name) for module, name in tree["visits"]))


def path_table(path: CallPath, title: str) -> Table:
    """Return a table of every stay in a room, with sums below."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.caption, table.caption_justify = summary(path), "left"
    table.add_column("stay", justify="right")
    table.add_column("room")
    table.add_column("functions called there first, by module", overflow="fold")
    for number, (room, functions) in enumerate(path.stays, start=1):
        table.add_row(str(number), room, functions)
    return table


def summary(path: CallPath) -> str:
    """Return the counts in three lines."""
    lines = (
        f"{len(path.visits):,} functions, {path.crossings:,} calls from one module into another",
        _counted("modules", path.modules),
        _counted("rooms", path.rooms),
    )
    return "\n".join(lines)


def _counted(what: str, stays: Sequence[str]) -> str:
    n_distinct = len(set(stays))
    return f"{n_distinct:,} {what} in {len(stays):,} stays, {len(stays) - n_distinct:,} returns"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkout", type=Path, default=_ROOT, help="root of a working tree")
    parser.add_argument("--counts", action="store_true", help="print no path, only its counts")
    parser.add_argument("command", nargs="+", help="verb of ae-pipeline and its arguments")
    arguments = parser.parse_args()
    path = trace_command(arguments.command, arguments.checkout)
    title = f"ae-pipeline {' '.join(arguments.command)}"
    console = Console(width=80, highlight=False)
    console.print(summary(path) if arguments.counts else path_table(path, title))


if __name__ == "__main__":
    main()
