"""Distributions of this checkout, and environments that hold only what one asks for.

Nothing is fetched: packages are links to those of the environment that runs the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.pages import ROOT

NAME = "ae-pipeline"


def build(folder: Path, target: str, source: Path = ROOT) -> Path:
    """Build `wheel` or `sdist` of a checkout with what is installed here; returns the file."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = folder.iterdir()
    return built


def metadata_of(wheel: Path) -> Message:
    """Return the metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        return HeaderParser().parsestr(archive.read(name).decode())


@dataclass(frozen=True)
class Environment:
    """A virtual environment without pip, in which a wheel is installed.

    Args:
        root: its folder.
    """

    root: Path

    @property
    def command(self) -> Path:
        """The installed command."""
        return self.root / "bin/ae-pipeline"

    def python(self, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run its interpreter."""
        return self.run(self.root / "bin/python", *arguments, cwd=cwd)

    def run(self, *command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command where no variable leads to other packages."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        arguments = [*map(str, command)]
        return subprocess.run(
            arguments, cwd=cwd, env=kept, capture_output=True, text=True, check=False
        )


def environment(root: Path, wheel: Path, *extras: str) -> Environment:
    """A new environment with a wheel, its dependencies, and those of some extras."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(root)], check=True)
    (packages,) = root.glob("lib/python*/site-packages")
    for name in dependencies(wheel, *extras):
        _link(name, packages)
    python = str(root / "bin/python")
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True)
    return Environment(root)


def dependencies(wheel: Path, *extras: str) -> set[str]:
    """Names of all that a wheel with some extras needs, and of what that needs."""
    own = metadata_of(wheel).get_all("Requires-Dist", [])
    todo, seen = [Requirement(f"{NAME}[{','.join(extras)}]")], set[str]()
    found: set[str] = set()
    while todo:
        one = todo.pop()
        if str(one) in seen:
            continue
        seen.add(str(one))
        is_own = one.name == NAME
        found |= set() if is_own else {one.name}
        needed = own if is_own else distribution(one.name).requires or []
        todo += [each for each in map(Requirement, needed) if _applies(each, one.extras)]
    return found


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": one}) for one in extras or {""})


def _link(name: str, packages: Path) -> None:
    """Links to the folders and modules of an installed distribution; its commands stay away."""
    installed = distribution(name)
    tops = {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}
    for top in tops:
        link = packages / top
        if not link.exists():
            link.symlink_to(Path(str(installed.locate_file(top))).resolve())
