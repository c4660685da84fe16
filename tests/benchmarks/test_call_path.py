"""The path of a command: calls between modules are counted, first calls told in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.call_path import CallPath, path_table, summary, trace_command

ROOT = Path(__file__).parents[2]
#: A checkout of three modules; `main` goes to `near`, from there to `room.far`, and back.
FILES = {
    "cli": """
import sys, threading
from ae_pipeline import near

def main():
    if sys.argv[1:] != ["go"]:
        sys.exit(f"what is {sys.argv[1]}?")
    near.go()
    thread = threading.Thread(target=near.back)
    thread.start()
    thread.join()
""",
    "near": """
from ae_pipeline.room import far

def go():
    return [far.double(number) for number in range(3)] + [back()]

def back():
    return 0
""",
    "room/__init__": "",
    "room/far": """
def double(number):
    return half(4 * number)

def half(number):
    return number // 2
""",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A working tree that knows nothing of this program."""
    for name, text in {**FILES, "__init__": ""}.items():
        path = tmp_path / "ae_pipeline" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_counts_of_a_checkout(checkout: Path) -> None:
    """Calls into other modules count every time, threads' too; functions where called first."""
    path = trace_command(["go"], checkout)
    assert path.visits == (
        ("ae_pipeline.cli", "main"),
        ("ae_pipeline.near", "go"),
        ("ae_pipeline.room.far", "double"),
        ("ae_pipeline.room.far", "half"),
        ("ae_pipeline.near", "back"),
    )
    assert path.crossings == 1 + 1 + 3 + 1  # main, go, double, and back in its thread
    assert path.rooms == ["cli", "near", "room", "near"]
    assert path.stays[2] == ("room", "far: double, half")
    assert summary(path).splitlines() == [
        "5 functions, 6 calls from one module into another",
        "3 modules in 4 stays, 1 returns",
        "3 rooms in 4 stays, 1 returns",
    ]


def test_failures_are_told(checkout: Path) -> None:
    """A command that fails has no path, and says why."""
    with pytest.raises(RuntimeError, match=r"stay failed in .*\n.*what is stay"):
        trace_command(["stay"], checkout)


def test_this_checkout() -> None:
    """A verb of ours starts at the command line, and each room on its way is one of the tree."""
    path = trace_command(["inspect", str(ROOT / "tests/golden/archive-3.0/grids/dataset")])
    assert path.visits[0] == ("ae_pipeline.cli.__init__", "main")
    assert {"cli", "verbs", "storage"} <= set(path.rooms)
    for module in path.modules:
        place = ROOT / module.replace(".", "/")
        assert place.with_suffix(".py").is_file() or place.is_dir()


def test_table_has_a_row_for_each_stay() -> None:
    """Rows are stays in rooms, counted from 1."""
    path = CallPath(2, (("ae_pipeline.a.b", "f"), ("ae_pipeline.c", "g"), ("flows.d", "h")))
    table = path_table(path, "some command")
    assert [list(column.cells) for column in table.columns] == [
        ["1", "2", "3"],
        ["a", "c", "flows"],
        ["b: f", "c: g", "d: h"],
    ]
