"""The installed command and its main function, on a dataset with a fitted codec."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ae_pipeline.cli.app import main
from tests.support.data.datasets import mixed_tree
from tests.support.jobs.command_line import FAST, Call, run


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `source` and a codec fitted to it."""
    work = tmp_path_factory.mktemp("cli")
    mixed_tree(work / "source")
    fitted = run("fit", work / "source", "--codec", work / "codec", "--json", *FAST)
    assert fitted.returncode == 0, fitted.stderr
    assert json.loads(fitted.stdout)["latent_dim"] == 2
    return work


@pytest.fixture(scope="session")
def encoded(work: Path) -> Path:
    """Features of the source in `work`, beside it."""
    made = run("features", work / "source", work / "encoded", "--codec", work / "codec")
    assert made.returncode == 0, made.stderr
    return work / "encoded"


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
