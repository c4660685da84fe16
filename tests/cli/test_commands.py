"""The command line: what it prints, how it ends, and that bad input loses nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml

from ae_pipeline.cli import options
from ae_pipeline.cli.app import app, main
from tests.support.datasets import mixed_table, mixed_tree, write_tree

COMMAND = Path(sys.executable).parent / "ae-pipeline"
Call = Callable[..., tuple[int, str, str]]
QUICK = ("--set", "training.max_steps=20")
FAST = ("--epochs", "2", "--latent-dim", "2")


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The installed command in a process of its own."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, check=False
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `source` and a codec fitted to it."""
    work = tmp_path_factory.mktemp("cli")
    mixed_tree(work / "source")
    fitted = run("fit", work / "source", "--codec", work / "codec", "--json", *FAST)
    assert fitted.returncode == 0, fitted.stderr
    assert json.loads(fitted.stdout)["latent_dim"] == 2
    return work


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command in this process: (exit code, stdout, stderr)."""

    def _call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["ae-pipeline", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return _call


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
    assert all(part in out for part in ("directory", "kept columns", "container", "beside"))
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
    damaged(archive / "day=2/part-0.parquet")
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
        ("features", ("source", "features", "--codec", "codec")),
        ("decode", ("features", "decoded", "--source", "source")),
        ("inspect", ("features",)),
    ],
)
def test_only_fit_loads_tensorflow(work: Path, module: str, arguments: tuple[str, ...]) -> None:
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
    assert done.returncode == 0, done.stderr


def damaged(path: Path) -> None:
    """Cut a file in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bad_source(kind: str, root: Path) -> Path:
    """A source with one fault."""
    source = root / kind
    floats = pa.table({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0, 2.0]})
    if kind == "missing":
        return source
    if kind == "no parquet":
        source.mkdir()
        (source / "notes.csv").write_text("a,b\n")
        return source
    tables = {
        "no rows": floats.slice(0, 0),
        "no feature": pa.table({"k": ["x", "y"]}),
        "constant": pa.table({"a": [1.0, 1.0]}),
        "duplicate": pa.table([pa.array([1.0, 2.0])] * 2, names=["a", "a"]),
    }
    write_tree(source, {"p=1/x.parquet": tables.get(kind, floats)})
    if kind == "empty file":
        (source / "p=1/x.parquet").write_bytes(b"")
    if kind == "truncated":
        damaged(source / "p=1/x.parquet")
    return source


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("missing", "no such file or folder"),
        ("no parquet", "no Parquet files"),
        ("no rows", "no rows"),
        ("no feature", "no feature column"),
        ("constant", "no feature column varies"),
        ("duplicate", "duplicate column names"),
        ("empty file", "an empty file"),
        ("truncated", "not a readable Parquet file"),
    ],
)
def test_bad_sources_are_one_line(kind: str, expected: str, tmp_path: Path, call: Call) -> None:
    """A source that cannot be used ends fit and features with one line and writes nothing."""
    source = bad_source(kind, tmp_path)
    for arguments in (
        ("fit", source, "--codec", tmp_path / "codec"),
        ("features", source, tmp_path / "features"),
    ):
        code, out, err = call(*arguments)
        assert code == 1
        assert err.startswith("error: ")
        assert expected in err
        assert err.count("\n") == 1
        assert "Traceback" not in err + out
    assert not (tmp_path / "codec").exists()
    assert not list((tmp_path / "features").rglob("*.parquet"))


def test_a_bad_file_is_left_out_of_the_fit(tmp_path: Path, call: Call) -> None:
    """Fit names what it cannot use and goes on; features does the others and ends with code 1."""
    source = mixed_tree(tmp_path / "source")
    write_tree(source, {"day=3/part-0.parquet": pa.table({"alpha": [1.0, 2.0], "c": [1, 2]})})
    damaged(source / "day=2/part-0.parquet")
    codec, features = tmp_path / "codec", tmp_path / "features"
    assert call("fit", source, "--codec", codec, *FAST)[0] == 0
    code, out, err = call("features", source, features, "--codec", codec)
    assert code == 1
    assert "2 written" in out
    assert "2 of 4 fragments failed" in err
    assert "c is new" in err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--epochs", "-1"), "greater than or equal to 0, got -1"),
        (("--latent-dim", "99"), "at most"),
        (("--activation", "relux"), "network.activation"),
        (("--set", "trainin.epochs=1"), "did you mean 'training'?"),
        (("--set", "training.epoch=1"), "did you mean 'epochs'?"),
        (("--set", "training"), "KEY=VALUE"),
        (("--keep", "nothing*"), "no column matches"),
        (("--feature", "name"), "cannot be a feature"),
        (("--config", "nowhere.yaml"), "cannot read the config file"),
    ],
)
def test_bad_settings_are_one_line(
    options: tuple[str, ...], expected: str, work: Path, tmp_path: Path, call: Call
) -> None:
    """A setting that is unknown or impossible is named, with what would be right."""
    code, _, err = call("fit", work / "source", "--codec", tmp_path / "codec", *options)
    assert code == 1
    assert expected in err
    assert err.count("\n") == 1
    assert not (tmp_path / "codec").exists()


def test_missing_arguments_are_named(call: Call) -> None:
    """What a verb cannot do without is asked for by name."""
    code, _, err = call("fit")
    assert code == 1
    assert "'source' is required" in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("backfill", "source"), "no dataset is named: archive or features is required"),
        (("backfill", "source", "dest", "--as", "source"), "expected archive or features"),
        (("backfill", "source", "dest", "--as", "codec"), "expected archive or features"),
        (("backfill", "source", "dest", "--as", "foo"), "expected archive or features, got foo"),
        (("encode", "a", "b", "--set", "features=c"), "archive and features are both named"),
    ],
)
def test_destinations_are_named(arguments: tuple[str, ...], expected: str, call: Call) -> None:
    """A destination that is missing, named twice or of no kind is told of in one line."""
    code, _, err = call(*arguments)
    assert code == 1
    assert expected in err
    assert err.count("\n") == 1


def test_codec_of_other_columns(work: Path, tmp_path: Path, call: Call) -> None:
    """A codec that does not fit the source is refused with the columns that differ."""
    source = write_tree(tmp_path / "source", {"x.parquet": pa.table({"z": [1.0, 2.0]})})
    code, _, err = call("features", source, tmp_path / "features", "--codec", work / "codec")
    assert code == 1
    assert "z is new" in err
    assert not (tmp_path / "features").exists()


def test_taken_names_are_refused_before_training(tmp_path: Path, call: Call) -> None:
    """A kept column called latent stops the job before anything is fitted or written."""
    table = pa.table({"a": [1.0, 2.0], "latent": ["x", "y"]})
    source = write_tree(tmp_path / "source", {"x.parquet": table})
    code, _, err = call("features", source, tmp_path / "features")
    assert code == 1
    assert "latent_column" in err
    assert not (tmp_path / "features").exists()


def test_unwritable_destination(work: Path, tmp_path: Path, call: Call) -> None:
    """A destination below a file is refused in one line."""
    (tmp_path / "file").write_text("mine")
    code, _, err = call("features", work / "source", tmp_path / "file/f", "--codec", work / "codec")
    assert code == 1
    assert "cannot write" in err
    code, _, err = call("features", work / "source", tmp_path / "file", "--codec", work / "codec")
    assert "not a folder" in err
    assert (tmp_path / "file").read_text() == "mine"


def test_failed_fragments_are_listed(work: Path, tmp_path: Path, call: Call) -> None:
    """Failed fragments are named on stderr, the others are done, and the exit code is 1."""
    source = mixed_tree(tmp_path / "source")
    damaged(source / "day=2/part-0.parquet")
    code, out, err = call("features", source, tmp_path / "f", "--codec", work / "codec")
    assert code == 1
    assert "failed: not a readable Parquet file: day=2/part-0.parquet" in err
    assert "1 of 3 fragments failed" in err
    assert "2 written" in out
    pq.write_table(mixed_table(1), source / "day=2/part-0.parquet")
    code, out, _ = call("features", source, tmp_path / "f", "--codec", work / "codec")
    assert code == 0
    assert "1 written, 2 current" in out


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounting a tmpfs is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


def test_disk_full_loses_nothing(work: Path, tmp_path: Path, small_disk: Path, call: Call) -> None:
    """A full disk is named, leaves no half-written file, and the job goes on once there is room."""
    noise = np.random.default_rng(0).normal(size=(2, 30_000))
    tables = {f"part-{i}.parquet": pa.table({"a": noise[0], "b": noise[1]}) for i in range(3)}
    source = write_tree(tmp_path / "noise", tables, row_group_size=30_000)
    code, _, err = call("fit", source, "--codec", tmp_path / "codec", "--epochs", 1)
    assert code == 0, err
    arguments = ("features", source, small_disk / "f", "--codec", tmp_path / "codec")
    code, _, err = call(*arguments, "--set", "execution.workers=1")
    assert code == 1
    assert "disk full" in err
    for path in small_disk.rglob("*"):
        assert not path.name.endswith(".tmp")
        if path.suffix == ".parquet":
            assert pq.ParquetFile(path).read().num_rows == 30_000
    enlarge = ["mount", "-o", "remount,size=8m", str(small_disk)]
    subprocess.run(enlarge, check=True)
    assert call(*arguments)[0] == 0


def test_log_lines_are_whole_in_files(work: Path, tmp_path: Path) -> None:
    """Where stderr is no terminal, each record is one line, however narrow COLUMNS is."""
    source = mixed_tree(tmp_path / "source")
    damaged(source / "day=2/part-0.parquet")
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
