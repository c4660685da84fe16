"""Row groups are cut into runs of one fragment each."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.dataset import Fragment, RowGroup
from ae_pipeline.fitting.measuring import runs_of


def groups(name: str, *sizes: int) -> list[RowGroup]:
    """Row groups of a file."""
    fragment = Fragment(Path(name), name, 640)
    return [RowGroup(fragment, number, size) for number, size in enumerate(sizes)]


def test_a_small_file_is_one_run() -> None:
    """Every file has a run of its own, which has its name and the next place."""
    runs = runs_of([*groups("a", 5, 6), *groups("b", 7)])
    assert [(run.relative, run.groups, run.n_rows, run.place) for run in runs] == [
        ("a", (0, 1), 11, 0),
        ("b", (0,), 7, 1),
    ]


def test_a_large_file_is_cut() -> None:
    """A run ends once it has a million rows; names stay apart, and shares of the size add up."""
    many = 700_000
    runs = runs_of(groups("a", many, many, many, many, many))
    assert [run.groups for run in runs] == [(0, 1), (2, 3), (4,)]
    assert len({run.relative for run in runs}) == 3
    assert {run.size_bytes for run in runs} == {640 // (3 * 32)}
