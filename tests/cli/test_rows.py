"""Verbs that print rows: query, head, cat, each in every format."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.verbs import encode
from tests.support.data.datasets import mixed_table, read_table, write_tree


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source of every kind of column, in two partitions."""
    root = tmp_path_factory.mktemp("rows") / "mixed"
    tables = {f"day={number}/part.parquet": mixed_table(number, 40) for number in (1, 2)}
    return write_tree(root, tables)


def run(*arguments: str | Path, code: int = 0) -> bytes:
    """What a command prints on stdout; of one that fails, on stderr."""
    command = [sys.executable, "-m", "ae_pipeline.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stderr if code else done.stdout


def test_json_lines_hold_every_value(mixed: Path) -> None:
    """Each row is an object on a line; NaN and infinities are text, times are ISO 8601."""
    lines = run("cat", mixed, "--format", "json").splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 80
    assert list(first)[-1] == "day"
    assert first["beta"] == "NaN"
    assert json.loads(lines[2])["beta"] == "-Infinity"
    assert first["at"] == "2026-01-01T00:00:00+00:00"
    assert first["price"] == "0.00"
    assert first["tags"] == [0, 1]


def test_csv_is_read_back(mixed: Path) -> None:
    """CSV has a header and every row, with nested values as JSON."""
    found = pyarrow.csv.read_csv(io.BytesIO(run("cat", mixed)))
    assert found.num_rows == 80
    assert found["tags"][1].as_py() == "[1, 2]"
    assert found["name"][3].as_py() == "row 3"
    assert found["key"].to_pylist() == [*range(40), *range(40)]


def test_parquet_is_written_whole(mixed: Path, tmp_path: Path) -> None:
    """Parquet has the columns and the rows that were asked for, with their types."""
    out = tmp_path / "rows.parquet"
    run(
        "cat",
        mixed,
        "--where",
        "day = 2",
        "--columns",
        "price,name",
        "--format",
        "parquet",
        "--out",
        out,
    )
    expected = read_table(mixed / "day=2/part.parquet").select(["price", "name"])
    assert pq.read_table(out).equals(expected)
    through = run("head", mixed, "--limit", "3", "--format", "parquet")
    assert pq.read_table(io.BytesIO(through)).num_rows == 3


def test_head_fits_into_80_columns(mixed: Path) -> None:
    """A table that is too wide lies on its side, and no line is longer than the terminal."""
    text = run("head", mixed, "--limit", "3").decode()
    assert max(map(len, text.splitlines())) <= 80
    assert "row 1" in text
    narrow = run("head", mixed, "--columns", "key,day", "--limit", "3").decode()
    assert "row 1" not in narrow
    assert narrow.rstrip().endswith("3 rows")


def test_query_tells_how_many_rows_there_are(mixed: Path) -> None:
    """A long answer is cut in the terminal, and says so; other formats have all of it."""
    text = run("query", mixed, "select key from t").decode()
    assert text.rstrip().endswith("80 rows, the first 20 shown; --format csv has all")
    assert len(run("query", mixed, "select key from t", "--format", "csv").splitlines()) == 81
    answer = run("query", mixed, mixed, "select count(*) as n from t join mixed using (key, day)")
    assert "80" in answer.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "select 1"],
        ["query", "{mixed}", "select nope from t"],
        ["head", "{mixed}", "--columns", "nope"],
        ["head", "{mixed}", "--where", "nope = 1"],
        ["head", "{mixed}/nope"],
        ["cat", "{mixed}", "--format", "table", "--out", "x"],
    ],
)
def test_mistakes_are_one_line(mixed: Path, arguments: list[str]) -> None:
    """A mistake is one line on stderr and exit code 1."""
    told = run(*(one.format(mixed=mixed) for one in arguments), code=1).decode()
    assert told.startswith("error: ")
    assert told.count("\n") == 1


def test_a_closed_pipe_is_no_error(mixed: Path) -> None:
    """`cat` into a reader that takes one line ends quietly."""
    command = f"{sys.executable} -m ae_pipeline.cli cat {mixed} --format json | head -1"
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_odd_types_in_all_formats(tmp_path: Path) -> None:
    """Bytes, structs, maps and durations are printed in every format."""
    table = pa.table(
        {
            "raw": pa.array([b"\x00\xff", None]),
            "pair": pa.array([{"a": 1, "b": "x"}, None]),
            "map": pa.array([[("k", 1.5)], []], pa.map_(pa.string(), pa.float64())),
            "long": pa.array([90, None], pa.duration("s")),
            "mark": pa.array(["\x1b[31m", "ok"]),
        }
    )
    pq.write_table(table, tmp_path / "odd.parquet")
    for format in ("table", "json"):
        assert b"\x1b" not in run("head", tmp_path, "--format", format)
    lines = run("cat", tmp_path).decode().splitlines()
    assert lines[1] == '"AP8=","{""a"": 1, ""b"": ""x""}","[[""k"", 1.5]]",90,"\x1b[31m"'


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "{mixed}", "select * from t order by day, key limit 3"],
        ["head", "{mixed}", "--limit", "3"],
        ["cat", "{mixed}", "--limit", "3"],
    ],
)
def test_json_is_one_object(mixed: Path, arguments: list[str]) -> None:
    """With --json rows come as one object with their columns, their number and `ok`."""
    answer = json.loads(run(*(one.format(mixed=mixed) for one in arguments), "--json"))
    assert answer["ok"] is True
    assert answer["n_rows"] == len(answer["rows"]) == 3
    assert list(answer["rows"][0]) == [column["name"] for column in answer["columns"]]
    assert {"name": "key", "type": "int64"} in answer["columns"]
    assert answer["rows"][0]["beta"] == "NaN"
    assert json.loads(run("head", mixed, "--limit", "0", "--json"))["rows"] == []


def test_json_tells_of_files(mixed: Path, tmp_path: Path) -> None:
    """With --json a verb that writes a file says in one object which one, and init what follows."""
    out = tmp_path / "rows.csv"
    answer = json.loads(run("cat", mixed, "--out", out, "--json"))
    assert answer == {"ok": True, "out": str(out)}
    assert len(out.read_bytes().splitlines()) == 81
    job = tmp_path / "job.yaml"
    answer = json.loads(run("init", mixed, "--out", job, "--json"))
    assert answer == {
        "ok": True,
        "out": str(job),
        "next": f"ae-pipeline encode --config {job}",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "{mixed}", "select nope from t"],
        ["head", "{mixed}/nope"],
        ["init", "{mixed}/nope"],
    ],
)
def test_json_of_mistakes(mixed: Path, arguments: list[str]) -> None:
    """With --json a mistake is an object on stdout, too."""
    words = [one.format(mixed=mixed) for one in arguments]
    command = [sys.executable, "-m", "ae_pipeline.cli", *words, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    assert answer["error"]["what"]


def test_json_of_rows_that_break_off(mixed: Path, tmp_path: Path) -> None:
    """Where a later file cannot be read, the object holds the rows before it and the error."""
    broken = shutil.copytree(mixed, tmp_path / "mixed")
    (archive := tmp_path / "archive").mkdir()
    encode(EncodeJob(source=str(broken), archive=str(archive), planner={"learn": "never"}))
    path = archive / "day=2/part.parquet"
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(bytes(content))
    command = [sys.executable, "-m", "ae_pipeline.cli", "cat", str(archive), "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"]) == (1, False)
    assert answer["n_rows"] == len(answer["rows"]) <= 40
    assert "day=2" in answer["error"]["where"]
