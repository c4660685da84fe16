"""File systems in image files: mounted for a test, and copied as a power cut would leave them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

#: Mounts an image at a folder of the same name, with some options; returns the folder.
MountImage = Callable[[Path, str], Path]


def run_tool(*command: str) -> None:
    """Run a command of the system; skip the test where it is not there or not permitted."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} is not permitted here: {done.stderr.strip()}")


def make_image(path: Path, size: str, *format_command: str) -> Path:
    """A formatted file system in a file that takes no space where it is empty."""
    run_tool("truncate", "--size", size, str(path))
    run_tool(*format_command, str(path))
    return path


@pytest.fixture
def folding_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in which upper and lower case are one: as on macOS and Windows."""
    image, folder = tmp_path / "folding.img", tmp_path / "folding"
    folder.mkdir()
    make_image(image, "16M", "mkntfs", "--quiet", "--force")
    run_tool("lowntfs-3g", "-o", "ignore_case", str(image), str(folder))
    yield folder
    run_tool("umount", str(folder))


@pytest.fixture
def mount_image(tmp_path: Path) -> Iterator[MountImage]:
    """Mount images; they are gone after the test."""
    mounted: list[Path] = []

    def mount(image: Path, options: str = "loop") -> Path:
        folder = tmp_path / f"mounted-{image.stem}"
        folder.mkdir()
        run_tool("mount", "-o", options, str(image), str(folder))
        mounted.append(folder)
        return folder

    yield mount
    for folder in reversed(mounted):
        run_tool("umount", str(folder))
