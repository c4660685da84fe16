"""How results are shown: the summary first, tables cut, JSON complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.verbs import encode
from tests.support.data.datasets import mixed_table, write_tree
from tests.support.faults.damage import cut_in_half
from tests.support.jobs.command_line import Call, run

N_DAYS = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of forty days and its archive."""
    folder = tmp_path_factory.mktemp("show")
    tables = {f"day={day:02}/p.parquet": mixed_table(day, 20) for day in range(N_DAYS)}
    write_tree(folder / "source", tables)
    places = {"source": str(folder / "source"), "archive": str(folder / "archive")}
    encode(EncodeJob(**places, planner={"learn": "never", "budget_s": 1.0}))
    return folder


def test_summary_comes_first(folder: Path, call: Call) -> None:
    """The bytes and the verdict stand above the tables, what follows stands last."""
    code, out, err = call("verify", folder / "archive", "--source", folder / "source")
    lines = out.splitlines()
    assert code == 0, err
    assert lines[0].startswith("Source ")
    assert "Every value is within its promise" in " ".join(lines[:4])
    assert lines[-1].startswith(f"Next: ae-pipeline query {folder / 'archive'} '")


@pytest.mark.parametrize(("options", "n_shown"), [((), 20), (("--all",), N_DAYS)])
def test_long_tables_are_cut(
    options: tuple[str, ...], n_shown: int, folder: Path, call: Call
) -> None:
    """Of forty partitions twenty are printed and the others counted, unless all are asked for."""
    _, out, _ = call("verify", folder / "archive", *options)
    assert out.count("\n day=") == n_shown
    assert (f"{N_DAYS - n_shown} more, --all shows them" in out) == (n_shown < N_DAYS)


def test_json_says_that_it_went_well(folder: Path, call: Call) -> None:
    """JSON begins with `ok`, and has the summary, the warnings and what follows beside the rest."""
    code, out, _ = call("verify", folder / "archive", "--source", folder / "source", "--json")
    told = json.loads(out)
    assert (code, next(iter(told)), told["ok"]) == (0, "ok", True)
    assert "Every value is within its promise" in told["summary"][1]
    assert told["next"].startswith("ae-pipeline query ")
    assert any("hardly anything is left of gamma" in line for line in told["warnings"])
    assert len(told["partitions"]) == N_DAYS


def test_json_says_that_it_failed(folder: Path, tmp_path: Path, call: Call) -> None:
    """Where fragments fail, one object has the result and the error, and nothing follows."""
    tables = {f"day={day}/p.parquet": mixed_table(day, 20) for day in range(3)}
    source = write_tree(tmp_path / "source", tables)
    cut_in_half(source / "day=2/p.parquet")
    quick = ("--set", "planner.learn=never", "--budget", 1)
    code, out, err = call("encode", source, tmp_path / "archive", "--json", *quick)
    told = json.loads(out)
    assert (code, told["ok"], told["error"]["kind"]) == (1, False, "FragmentsFailedError")
    assert len(told["failures"]) == 1
    assert "next" not in told
    assert "error: 1 of 3 fragments failed" in err


def test_quiet(folder: Path, call: Call) -> None:
    """--quiet leaves the exit code; JSON and errors are shown all the same."""
    assert call("verify", folder / "archive", "--quiet") == (0, "", "")
    code, out, _ = call("verify", folder / "archive", "-q", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)
    code, out, err = call("verify", folder / "nowhere", "-q")
    assert (code, out) == (1, "")
    assert err.startswith("error: ")


def test_log_file(folder: Path, tmp_path: Path, call: Call) -> None:
    """--log-file has the summary of a run and the error of the next, and changes no output."""
    log = tmp_path / "run.log"
    usual = call("verify", folder / "archive")
    assert call("verify", folder / "archive", "--log-file", log) == usual
    assert call("verify", folder / "nowhere", "--log-file", log)[0] == 1
    text = log.read_text(encoding="utf-8")
    assert "INFO     Source " in text
    assert "ERROR    error: " in text


def test_paths_in_titles_are_whole(folder: Path) -> None:
    """A path that is longer than the terminal is wide stands on one line, to be copied."""
    deep = folder / ("a-long-name-" * 8) / "source"
    write_tree(deep, {"p.parquet": mixed_table(0, 20)})
    found = run("inspect", deep)
    assert found.returncode == 0, found.stderr
    assert str(deep) in found.stdout.splitlines()
