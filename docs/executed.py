"""Notebooks of the documents, executed: a page shows what the code gives now.

A notebook holds its outputs. `python -m docs.generate notebooks` runs each from its first cell
beside the sample data and writes it back; a test runs them again and compares.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any  # cells and outputs are trees of JSON

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "docs/notebooks"

#: What runs before a notebook and is not shown: a warning ends it.
_STRICT = """import warnings
warnings.simplefilter("error")
warnings.simplefilter("ignore", PendingDeprecationWarning)  # ipykernel, of itself, at its end
"""
_CELL_TIMEOUT_S = 300
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
#: Share of a number by which two runs may differ: machines train to other last digits.
_CLOSE = 0.1


def notebooks() -> list[Path]:
    """Return the notebooks, in the order of their names."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def read_notebook(path: Path) -> Any:
    """Return a notebook with the outputs that it holds."""
    return nbformat.read(path, as_version=4)


def write_notebook(path: Path, notebook: Any) -> None:
    """Write a notebook, in a form that depends on its content alone."""
    nbformat.write(notebook, path)


def executed(path: Path) -> Any:
    """Return a notebook with the outputs that it gives now, in a folder with the sample data.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails, or warns.
        ValueError: a cell writes to stderr.
    """
    notebook = deepcopy(read_notebook(path))
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_STRICT))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sample_data").symlink_to(ROOT / "sample_data")
        run_cells(notebook, Path(folder))
    del notebook.cells[0]
    for number, cell in enumerate(_code_cells(notebook), 1):
        _tidy(cell, number)
    return notebook


def run_cells(notebook: Any, folder: Path) -> None:
    """Run a notebook in a kernel of its own, and put the outputs into it.

    Args:
        notebook: to run.
        folder: that its paths are below.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    client = NotebookClient(
        notebook,
        extra_arguments=["--log-level=ERROR"],  # it says at each start that TCP is not encrypted
        timeout=_CELL_TIMEOUT_S,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()


def _code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _tidy(cell: Any, number: int) -> None:
    """Number a cell as a reader's own run would, and drop outputs that show nothing."""
    cell.execution_count = number
    for output in cell.outputs:
        if output.get("name") == "stderr":
            raise ValueError(f"cell {number} writes to stderr: {output.text}")
        if output.output_type == "execute_result":
            output.execution_count = number
    cell.outputs = [one for one in cell.outputs if shown(one)]


def shown(output: Any) -> str:
    """Return what a reader sees of an output; of a picture, only that there is one."""
    if output.output_type == "stream":
        return str(output.text)
    for kind, content in sorted(output.get("data", {}).items()):
        if kind.startswith("image/"):
            return "a picture"
        if kind in ("text/html", "text/plain"):
            return str(content)
    return ""


def differences(held: Any, now: Any) -> Iterator[str]:
    """Yield outputs of a notebook that are others now: in their words, or far in their numbers.

    Args:
        held: the notebook as it is.
        now: the same, executed.
    """
    pairs = zip(_code_cells(held), _code_cells(now), strict=True)
    for number, (former, cell) in enumerate(pairs, 1):
        before, after = (list(map(shown, one.outputs)) for one in (former, cell))
        if former.execution_count != number or len(before) != len(after):
            yield f"cell {number} was not executed in its place"
        for one, other in zip(before, after, strict=False):
            if not _is_close(one, other):
                yield f"cell {number}: {one!r} is now {other!r}"


def _is_close(text: str, other: str) -> bool:
    """Whether two texts have the same words, and numbers that are nearly the same."""
    words, others = (_NUMBER.sub("0", one).split() for one in (text, other))
    numbers = zip(_numbers(text), _numbers(other), strict=False)
    return words == others and all(
        math.isclose(a, b, rel_tol=_CLOSE, abs_tol=_CLOSE) for a, b in numbers
    )


def _numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]
