"""The command line: what it prints, how it ends, what it loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import typer
import yaml

from ae_pipeline.cli import options
from ae_pipeline.cli.app import app
from tests.support.data.datasets import mixed_tree, write_tree
from tests.support.faults.damage import cut_in_half
from tests.support.jobs.command_line import COMMAND, Call, run

QUICK = ("--set", "training.max_steps=20")


def test_main_job_by_hand(work: Path, tmp_path: Path) -> None:
    """features, decode and inspect work one after the other and print one line per partition."""
    features, decoded = tmp_path / "features", tmp_path / "decoded"
    first = run("features", work / "source", features, "--codec", work / "codec")
    assert first.returncode == 0, first.stderr
    second = run("decode", features, decoded, "--source", work / "source")
    assert second.returncode == 0, second.stderr
    lines = [line for line in second.stdout.splitlines() if line.lstrip().startswith("day=")]
    assert [line.split()[:2] for line in lines] == [
        ["day=1", "300"],
        ["day=2", "300"],
        ["day=10", "300"],
    ]
    assert "RMSE" in second.stdout
    assert "features dataset" in run("inspect", features).stdout


def test_tables_fit_80_columns(work: Path, tmp_path: Path) -> None:
    """No line of a report is wider than a terminal of 80 columns."""
    environment = {**os.environ, "COLUMNS": "80"}
    features, archive = tmp_path / "features", tmp_path / "archive"
    for arguments in (
        ("features", work / "source", features, "--codec", work / "codec"),
        ("decode", features, tmp_path / "decoded", "--source", work / "source"),
        ("inspect", work / "codec"),
        ("encode", work / "source", archive, *QUICK),
        ("verify", archive, "--source", work / "source"),
        ("inspect", archive),
        ("features", "--help"),
    ):
        output = subprocess.run(
            [COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            check=True,
        ).stdout
        tables = [line for line in output.splitlines() if not line.startswith("Next:")]
        assert max(len(line) for line in tables) <= 80


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("60s", 60), ("1.5m", 90), ("1h", 3600), ("0", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    """A budget is a number of seconds, or says its unit."""
    assert options.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-1", "1d", "1e3", "1..5m", "nan"])
def test_no_durations(text: str) -> None:
    """What is no duration is refused, with what would be one."""
    with pytest.raises(typer.BadParameter, match="90s"):
        options.seconds(text)


def test_archive_by_hand(work: Path, tmp_path: Path, call: Call) -> None:
    """Encode shows where the bytes are, verify says in a sentence that the promise holds."""
    archive = tmp_path / "archive"
    code, out, err = call("encode", work / "source", archive, "--tolerance", 0.01, *QUICK)
    assert code == 0, err
    parts = ("times smaller", "directory", "Parquet's own", "other files")
    assert all(part in out for part in parts)
    assert "Times smaller" in out
    code, out, _ = call("verify", archive, "--source", work / "source")
    assert code == 0
    assert "Every value is within its promise" in out
    assert "max/tol" in out
    code, out, _ = call("verify", archive, "--json")
    whole = json.loads(out)["bytes"]
    code, out, _ = call("inspect", archive, "--json")
    assert json.loads(out)["bytes"] == whole
    files = [path.stat().st_size for path in archive.rglob("*") if path.is_file()]
    assert sum(whole[f"{part}_bytes"] for part in ("encoded", "model", "other")) == sum(files)


def test_estimate_by_hand(work: Path, tmp_path: Path, call: Call) -> None:
    """Estimate says what an archive would give, ends with a verdict, and writes nothing."""
    before = sorted(work.rglob("*"))
    quick = ("--set", "planner.learn=linear")
    code, out, err = call("estimate", work / "source", "--tolerance", 0.01, *quick)
    assert code == 0, err
    assert all(part in out for part in ("Estimate for", "RMSE", "encode, CPU-seconds"))
    code, out, _ = call("estimate", work / "source", "--json", *quick)
    forecast = json.loads(out)
    assert [option["tolerance"] for option in forecast["options"]] == [0.001, 0.01, 0.05]
    assert forecast["verdict"].endswith(".")
    assert sorted(work.rglob("*")) == before


def test_broken_promise_is_exit_code_1(work: Path, tmp_path: Path, call: Call) -> None:
    """Verify ends with exit code 1 and names the fragment that is not what was encoded."""
    archive = tmp_path / "archive"
    assert call("encode", work / "source", archive, *QUICK)[0] == 0
    cut_in_half(archive / "day=2/part-0.parquet")
    code, out, err = call("verify", archive, "--source", work / "source")
    assert code == 1
    assert "Not in order: 1 of 3 fragments failed." in out
    assert "failed: not a readable Parquet file: day=2/part-0.parquet" in err


def test_json_is_json(work: Path, tmp_path: Path, call: Call) -> None:
    """--json prints one JSON object and nothing else on stdout, for each verb."""
    code, out, _ = call(
        "features", work / "source", tmp_path / "f", "--codec", work / "codec", "--json"
    )
    assert code == 0
    assert json.loads(out)["total"]["n_rows"] == 900
    code, out, _ = call(
        "decode", tmp_path / "f", tmp_path / "d", "--source", work / "source", "--json"
    )
    assert code == 0
    assert json.loads(out)["total"]["metrics"]["n_mismatched"] == 0
    code, out, _ = call("inspect", tmp_path / "f", "--json")
    assert json.loads(out)["kind"] == "features dataset"


def test_config_file_and_options(work: Path, tmp_path: Path, call: Call) -> None:
    """A job file stands in for arguments; options win over it, --set reaches any key."""
    job = tmp_path / "job.yaml"
    job.write_text(f"source: {work / 'source'}\ncodec: {tmp_path / 'a'}\ntraining:\n  epochs: 1\n")
    code, out, err = call("fit", "--config", job, "--set", "network.latent_dim=3", "--json")
    assert code == 0, err
    assert (json.loads(out)["latent_dim"], json.loads(out)["training"]["epochs"]) == (3, 1)
    code, out, err = call(
        "fit", "--config", job, "--codec", tmp_path / "b", "--epochs", 2, "--json"
    )
    assert code == 0, err
    assert json.loads(out)["training"]["epochs"] == 2


def test_rules_of_tolerance(tmp_path: Path, call: Call) -> None:
    """Rules of a job file give columns what they promise, by name and glob, the last one first."""
    noise = np.random.default_rng(0)
    names = ("temp_in", "temp_mid", "temp_out", "pressure", "flow1", "other")
    table = pa.table({name: noise.uniform(0, 100, 400) for name in names})
    source, archive = write_tree(tmp_path / "source", {"p.parquet": table}), tmp_path / "archive"
    rules = [
        {"match": "temp_*", "kind": "absolute", "value": 0.05},
        {"match": "pressure", "kind": "std", "value": 0.001},
        {"match": "flow?", "kind": "range", "value": 0.0001},
        {"match": "temp_out", "kind": "exact"},
    ]
    tolerance = {"relative": 0.02, "rules": rules}
    job = tmp_path / "job.yaml"
    job.write_text(yaml.safe_dump({"tolerance": tolerance, "planner": {"learn": "never"}}))
    code, _, err = call("encode", source, archive, "--config", job)
    assert code == 0, err
    code, out, _ = call("inspect", archive, "--json")
    found = {column["name"]: column["tolerance"] for column in json.loads(out)["columns"]}
    values = {name: table[name].to_numpy() for name in names}
    assert found == pytest.approx(
        {
            "temp_in": 0.05,
            "temp_mid": 0.05,
            "temp_out": 0.0,
            "pressure": 0.001 * values["pressure"].std(),
            "flow1": 0.0001 * np.ptp(values["flow1"]),
            "other": 0.02 * np.ptp(values["other"]),
        }
    )
    code, _, err = call("verify", archive, "--source", source)
    assert code == 0, err
    job.write_text(yaml.safe_dump({"tolerance": {"rules": [{"match": "x*", "kind": "exact"}]}}))
    code, _, err = call("encode", source, tmp_path / "no", "--config", job)
    assert (code, "no feature column matches" in err) == (1, True)


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("features", ("source", "again", "--codec", "codec")),
        ("decode", ("encoded", "decoded", "--source", "source")),
        ("inspect", ("encoded",)),
    ],
)
def test_only_fit_loads_tensorflow(
    work: Path, encoded: Path, module: str, arguments: tuple[str, ...]
) -> None:
    """Encoding, decoding and inspecting load neither TensorFlow nor Keras nor Prefect."""
    script = (
        "import sys\n"
        "from ae_pipeline.cli.app import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "heavy = {'tensorflow', 'keras', 'prefect'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, module, *arguments],
        capture_output=True,
        text=True,
        cwd=work,
        check=False,
    )
    assert encoded.is_dir()
    assert done.returncode == 0, done.stderr


def test_log_lines_are_whole_in_files(work: Path, tmp_path: Path) -> None:
    """Where stderr is no terminal, each record is one line, however narrow COLUMNS is."""
    source = mixed_tree(tmp_path / "source")
    cut_in_half(source / "day=2/part-0.parquet")
    done = subprocess.run(
        [COMMAND, "backfill", source, tmp_path / "a", "-v", "--set", "planner.learn=linear"],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "40"},
        check=False,
    )
    lines = done.stderr.splitlines()
    encoded = [line for line in lines if " encoded day=" in line]
    assert [line.endswith(" CPU s") for line in encoded] == [True, True]
    assert sum("left out of the fit: " in line for line in lines) == 1
    assert all(line[:2].isdigit() or line.startswith(("failed: ", "error: ")) for line in lines)


def test_help_is_folded_by_the_terminal() -> None:
    """Paragraphs of help hold no line breaks of the source code."""
    for command in app.registered_commands:
        assert "\n" not in (command.help or "\n").replace("\n\n", "")


@pytest.mark.parametrize("verb", ["fit", "features", "decode", "inspect"])
def test_help_teaches(verb: str, call: Call) -> None:
    """The help of every verb has an example that starts with the command."""
    code, out, _ = call(verb, "--help")
    assert code == 0
    assert f"Example: ae-pipeline {verb}" in " ".join(out.split())
