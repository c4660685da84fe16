"""Folders of sessions: one each, and none of sessions that were killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ae_pipeline.errors import DiskFullError
from ae_pipeline.store.fetching.scratch import Scratch, require_space
from tests.support.checks import assert_one_line

KILLED = """
import os, signal, sys
from ae_pipeline.store.fetching.scratch import Scratch
made = Scratch.make(sys.argv[1])
(made.folder / "content").write_bytes(b"x")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_folders_of_killed_sessions_go(tmp_path: Path) -> None:
    """The next session removes what a killed one left, and not what is in use."""
    used = Scratch.make(str(tmp_path))
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    own = Scratch.make(str(tmp_path))
    assert set(tmp_path.iterdir()) == {used.folder, own.folder}
    for one in (used, own):
        one.remove()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_before_staging(tmp_path: Path) -> None:
    """The message says how much is needed, how much there is, and what to set."""
    with pytest.raises(DiskFullError) as caught:
        require_space(tmp_path, 1 << 60)
    assert_one_line(caught.value, "no space to stage", "execution.scratch")
