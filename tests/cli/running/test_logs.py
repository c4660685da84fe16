"""The log of a run."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from ae_pipeline.cli.running.logs import logging_to, told
from ae_pipeline.errors import ConfigError, UnwritableDestinationError

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) +\S")


def _run() -> None:
    logging.getLogger("ae_pipeline.x").info("encoded a\nb")
    told.warning("%s", "failed: c")
    raise ConfigError("wrong", where="job.yaml")


def test_file_has_it_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file has each record, what the command told, and the error that ended it; stderr not."""
    file = tmp_path / "logs/run.log"
    with pytest.raises(ConfigError, match="wrong"), logging_to(file, is_verbose=False):
        _run()
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all(map(LINE.match, lines))
    expected = [r"INFO     encoded a\nb", "WARNING  failed: c", "ERROR    error: wrong: job.yaml"]
    assert [line.split(" ", 2)[2] for line in lines] == expected
    assert capsys.readouterr().err == ""


def test_runs_are_appended(tmp_path: Path) -> None:
    """A second run leaves the log of the first alone."""
    file = tmp_path / "run.log"
    for number in range(2):
        with logging_to(file, is_verbose=False):
            logging.getLogger("ae_pipeline.x").info("run %d", number)
    assert len(file.read_text(encoding="utf-8").splitlines()) == 2


def test_nothing_stays_behind() -> None:
    """Afterwards the loggers are as they were."""
    root = logging.getLogger()
    before = root.level, root.handlers[:], told.handlers[:]
    with logging_to(None, is_verbose=True):
        assert root.level == logging.INFO
    assert (root.level, root.handlers, told.handlers) == before


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """A log that cannot be written is told of before anything is done."""
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(UnwritableDestinationError, match="cannot write the log"),
        logging_to(tmp_path / "file/run.log", is_verbose=False),
    ):
        raise AssertionError
