"""An environment with the base dependencies alone reads whatever was written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any  # JSON trees

import pyarrow.parquet as pq
import pytest

from ae_pipeline.extras import EXTRA_OF
from tests.support.environments import Environment
from tests.support.golden_archives import EXPECTED_FILE, GOLDEN, describe

pytestmark = pytest.mark.heavy

ARCHIVES = ("types", "network", "window", "predictor", "classes", "grids")
#: What a reader does, for a folder of a dataset and one to decode to.
PROGRAM = """
import json, sys
from importlib.util import find_spec
from pathlib import Path
import ae_pipeline as ae

kind, dataset, decoded = sys.argv[1:]
job = ae.DecodeJob(**{kind: dataset, "decoded": decoded})
report = ae.decode(job)
assert not report.failures, report.failures
(directory,) = (Path(dataset) / "_ae/codecs").iterdir()
codec = ae.load_codec(directory)
if kind == "archive":
    verified = ae.verify(ae.VerifyJob(archive=dataset))
    assert not verified.failures and verified.total.n_rows == report.total.n_rows
print(json.dumps({
    "codec": [type(codec).__name__, codec.id == directory.name],
    "kinds": [ae.inspect(str(path)).kind for path in (dataset, directory)],
    "shown": [bool(repr(report)), bool(repr(ae.inspect(dataset)))],
    "installed": [name for name in %r if find_spec(name)],
    "loaded": [name for name in %r if name in sys.modules],
}))
"""


def read(reader: Environment, kind: str, name: str, folder: Path) -> dict[str, Any]:
    """Decode a golden dataset there, and hold it to what it decodes to."""
    golden = GOLDEN / f"{kind}-3.0" / name
    program = PROGRAM % (tuple(EXTRA_OF), tuple(EXTRA_OF))
    decoded = folder / "decoded"
    done = reader.python("-c", program, kind, golden / "dataset", decoded, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    expected = json.loads((golden / EXPECTED_FILE).read_text(encoding="utf-8"))
    assert expected
    for relative, fragment in expected.items():
        got = describe(pq.ParquetFile(decoded / relative).read())
        assert got["n_rows"] == fragment["n_rows"]
        assert got["columns"] == fragment["columns"], relative
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("name", ARCHIVES)
def test_reads_archives(name: str, reader: Environment, tmp_path: Path) -> None:
    """It decodes, verifies, inspects and loads the codec, bit by bit as written, without extras."""
    told = read(reader, "archive", name, tmp_path)
    assert told["codec"] == ["ArchiveCodec", True]
    assert told["kinds"] == ["archive", "codec"]
    assert told["shown"] == [True, True]
    assert told["installed"] == told["loaded"] == []


def test_reads_features(reader: Environment, tmp_path: Path) -> None:
    """It decodes features and loads their codec, too."""
    told = read(reader, "features", "bends", tmp_path)
    assert told["codec"] == ["FeaturesCodec", True]
    assert told["kinds"] == ["features dataset", "codec"]
    assert told["installed"] == told["loaded"] == []


@pytest.mark.parametrize(
    "command",
    [("bin/ae-pipeline",), ("bin/python", "-m", "ae_pipeline.cli", "run")],
    ids=["installed", "module"],
)
def test_command_asks_for_its_extra(
    command: tuple[str, ...], reader: Environment, tmp_path: Path
) -> None:
    """The command says in one line what to install, and ends with 1."""
    done = reader.run(reader.root / command[0], *command[1:], cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: ae-pipeline needs packages that are not installed: typer, rich: "
        'pip install "ae-pipeline[cli]"\n'
    )


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        ("ae.fit(ae.FitJob(source=S, codec='codec'))", "train"),
        ("ae.encode(ae.EncodeJob(source=S, archive='archive'))", "train"),
        ("ae.backfill(ae.EncodeJob(source=S, archive='a', backfill={'where': 'x > 1'}))", "cli"),
        ("import_module('ae_pipeline_flows.compress')", "flows"),
    ],
)
def test_library_asks_for_extras(
    call: str, extra: str, reader: Environment, tmp_path: Path
) -> None:
    """What needs an extra raises one error of ours, with the command that installs it."""
    source = GOLDEN.parents[1] / "sample_data/gas_turbine"
    program = (
        "import ae_pipeline as ae\n"
        "from importlib import import_module\n"
        f"S = {str(source)!r}\n"
        f"try: {call}\n"
        "except ae.AePipelineError as error: print(type(error).__name__, error)\n"
    )
    done = reader.python("-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("MissingExtraError ")
    assert f': pip install "ae-pipeline[{extra}]"' in done.stdout
    assert done.stdout.count("\n") == 1


def test_encodes_without_a_network(reader: Environment, tmp_path: Path) -> None:
    """It even writes archives, as long as no network is to be trained."""
    source = GOLDEN.parents[1] / "sample_data/gas_turbine/year=2011"
    program = (
        "import ae_pipeline as ae\n"
        f"job = dict(source={str(source)!r}, archive='archive')\n"
        "ae.encode(ae.EncodeJob(**job, planner={'learn': 'never'}))\n"
        "print(len(ae.verify(ae.VerifyJob(**job)).failures))\n"
    )
    done = reader.python("-c", program, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
