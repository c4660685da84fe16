"""The line of progress in notebooks, and nothing anywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

import ae_pipeline
from ae_pipeline.calling.live_line import followed, in_notebook, live_line
from ae_pipeline.results.progress import ProgressEvent, silent
from docs.executed import run_cells

#: Keeps all that a kernel shows, and shows it.
RECORD = """\
import ae_pipeline as ae
from IPython import get_ipython
from tests.support.data.datasets import mixed_table

lines = []
publish = get_ipython().display_pub.publish

def keep(data, *arguments, **options):
    lines.append(data["text/plain"])
    publish(data, *arguments, **options)

get_ipython().display_pub.publish = keep
table = mixed_table(1)
quick = {"planner__learn": "never", "planner__budget_s": 5.0, "tolerance": 0.01}
"""
ENCODE = 'ae.encode(table, "archive", **quick)'
#: Stage of a verb, what comes before it, and the call.
CALLS = [
    ("encode", "", ENCODE),
    ("verify", ENCODE, 'ae.verify("archive")'),
    ("decode", ENCODE, 'ae.decode("archive", "out")'),
    ("train", "", "ae.fit(table, latent_dim=2, epochs=2, network__encoder_hidden=[4])"),
]


def outputs(folder: Path, *cells: str) -> list[list[Any]]:
    """Outputs of each cell, one after the other in a kernel of their own."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    run_cells(notebook, folder)
    return [cell.outputs for cell in notebook.cells]


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "before", "call"), CALLS)
def test_one_line_in_a_kernel(
    stage: str, before: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb shows its stages in one output, which is empty at the end."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    cells = (RECORD, f"{before}\nlines.clear()", f"{call};", "print(*lines, sep='\\n')")
    _, _, (shown,), (told,) = outputs(tmp_path, *cells)
    assert any(line.startswith(f"{stage}: ") for line in told.text.splitlines())
    assert set(shown.data.values()) == {""}


@pytest.mark.slow
def test_the_last_line_stays_where_a_verb_fails(tmp_path: Path) -> None:
    """It says how far the work had come."""
    code = """\
from ae_pipeline.calling.live_line import followed
from ae_pipeline.results.progress import ProgressEvent
try:
    with followed(None) as listen:
        listen(ProgressEvent("encode", 3, 9, "<b>.parquet"))
        raise ValueError
except ValueError:
    pass
"""
    ((shown,),) = outputs(tmp_path, code)
    assert shown.data["text/plain"].startswith("encode: 3 of 9 files")
    assert "&lt;b&gt;.parquet" in shown.data["text/html"]


def test_lines_do_not_follow_each_other_too_fast() -> None:
    """A new stage is shown at once, and more of the same stage five times a second."""
    lines: list[str] = []
    now_s = 0.0
    with live_line(lines.append, lambda: now_s) as listen:
        listen(ProgressEvent("plan", 0, 9))
        for done in range(9):
            now_s = done / 8
            listen(ProgressEvent("encode", done, 9))
    assert [line.split(" files")[0] for line in lines] == [
        "plan: 0 of 9",
        *(f"encode: {done} of 9" for done in (0, 2, 4, 6, 8)),
        "",
    ]


def test_nothing_elsewhere(source: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Outside notebooks no verb prints, and a listener of the caller is asked instead."""
    assert not in_notebook()
    with followed(None) as listen:
        assert listen is silent
    events: list[ProgressEvent] = []
    settings = {"planner__learn": "never", "planner__budget_s": 5.0}
    ae_pipeline.encode(source, tmp_path / "archive", **settings)
    assert tuple(capfd.readouterr()) == ("", "")
    ae_pipeline.verify(tmp_path / "archive", progress=events.append)
    assert {event.stage for event in events} == {"verify"}
