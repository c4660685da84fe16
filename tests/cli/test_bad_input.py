"""The command line: bad input, settings and disks are one line, and lose nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.data.datasets import mixed_table, mixed_tree, write_tree
from tests.support.faults.damage import cut_in_half
from tests.support.jobs.command_line import FAST, Call


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
        cut_in_half(source / "p=1/x.parquet")
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
    cut_in_half(source / "day=2/part-0.parquet")
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


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("fit",), "Missing arguments 'SOURCE', '--codec'."),
        (("fit", "source"), "Missing option '--codec'."),
        (("encode",), "Missing arguments 'SOURCE', 'ARCHIVE'."),
        (("encode", "source"), "Missing argument 'ARCHIVE'."),
        (("decode", "features"), "Missing argument 'OUT'."),
        (("backfill", "source"), "Missing argument 'DEST'."),
        (("verify",), "Missing argument 'ARCHIVE'."),
        (("compress", "source"), "Missing argument 'ARCHIVE'."),
        (("inspect",), "Missing argument 'PATH'."),
    ],
)
def test_missing_arguments_are_named(arguments: tuple[str, ...], named: str, call: Call) -> None:
    """What a verb cannot do without is asked for by the name of its argument, with the usage."""
    code, _, err = call(*arguments)
    assert code == 2
    assert f"Usage: ae-pipeline {arguments[0]}" in err
    assert named in " ".join(err.split())


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (("--set", "training.epoch=1"), "--set: "),
        (("--set", "network=5"), "--set: "),
        (("--latent-dim", "-1"), "--latent-dim: "),
        (("--set", "network.latent_dim=2", "--latent-dim", "-1"), "--latent-dim: "),
        ((), "job.yaml: "),
    ],
)
def test_bad_settings_are_found_where_they_are(
    options: tuple[str, ...], where: str, tmp_path: Path, call: Call
) -> None:
    """A wrong setting is looked for in what gave it: an option, `--set`, or the file."""
    job = tmp_path / "job.yaml"
    job.write_text("source: s\ncodec: c\n" if options else "source: s\ncodec: c\nepochs: 1\n")
    code, _, err = call("fit", "--config", job, *options)
    assert code == 1
    assert where in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
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
    cut_in_half(source / "day=2/part-0.parquet")
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
    exact = ("--set", "latent.rounding=exact")  # rounded latents would fit
    code, _, err = call("fit", source, "--codec", tmp_path / "codec", "--epochs", 1, *exact)
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
