"""Notebooks of the documents: they run without a warning, and hold what they give now."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import nbformat
import pytest

from docs.executed import differences, executed, notebooks, read_notebook


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)
def test_notebooks_are_current(path: Path) -> None:
    """Each runs from its first cell to its last, and `docs.generate notebooks` has nothing new."""
    assert list(differences(read_notebook(path), executed(path))) == []


def _notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook with a kernel for Python."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"name": "python3", "display_name": "Python 3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.mark.slow
@pytest.mark.parametrize(
    "line", ["warnings.warn('old')", "warnings.warn('old', DeprecationWarning)", "1 / 0"]
)
def test_a_warning_ends_a_notebook(line: str, tmp_path: Path) -> None:
    """What a reader's own run would complain about is no page."""
    path = tmp_path / "one.ipynb"
    nbformat.write(_notebook("import warnings", line), path)
    with pytest.raises(Exception, match=r"old|ZeroDivisionError"):
        executed(path)


@pytest.mark.slow
def test_words_on_stderr_end_a_notebook(tmp_path: Path) -> None:
    """Neither is one that logs beside its outputs."""
    path = tmp_path / "one.ipynb"
    nbformat.write(_notebook("import sys", "print('lost', file=sys.stderr)"), path)
    with pytest.raises(ValueError, match="lost"):
        executed(path)


@pytest.mark.parametrize(
    ("now", "is_other"),
    [("R2 0.99", False), ("R2 0.98", False), ("R2 0.5", True), ("loss 0.99", True), (None, True)],
)
def test_stale_outputs_are_named(now: str | None, is_other: bool) -> None:
    """Other words, far numbers and cells out of their order are found; last digits may differ."""
    held = _notebook("1")
    held.cells[0].execution_count = 1
    held.cells[0].outputs = [nbformat.v4.new_output("stream", text="R2 0.99")]
    other = deepcopy(held)
    other.cells[0].outputs = [nbformat.v4.new_output("stream", text=now)] if now else []
    assert bool(list(differences(held, other))) == is_other
    held.cells[0].execution_count = 7
    assert list(differences(held, other))
