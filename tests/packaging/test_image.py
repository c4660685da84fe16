"""The Dockerfile: what it would install, and that this reads and writes archives.

Docker itself is not started, and nothing is fetched.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.jobs.environments import dependencies, environment
from tests.support.pages import ROOT, blocks

pytestmark = pytest.mark.heavy

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
(EXTRAS,) = re.findall(r"^ARG EXTRAS=(\S+)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def pins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Requirement]:
    """Exact versions by name, as the image's own command makes them of constraints.txt."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "constraints.txt").write_bytes((ROOT / "constraints.txt").read_bytes())
    (command,) = re.findall(r"^RUN (sed .*?) \\$", DOCKERFILE, re.MULTILINE)
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, check=True)  # noqa: S607
    lines = (folder / "pins.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): one for one in found}


@pytest.mark.parametrize("extras", [EXTRAS, "all"])
def test_every_package_is_pinned(extras: str, wheel: Path, pins: dict[str, Requirement]) -> None:
    """Whatever either image installs has one exact version in constraints.txt."""
    names = {canonicalize_name(name) for name in dependencies(wheel, *extras.split(","))}
    assert names <= set(pins)
    assert all(str(pins[name].specifier).startswith("==") for name in names)


def test_the_small_image_is_small(wheel: Path) -> None:
    """Reading brings neither TensorFlow nor Prefect along."""
    names = dependencies(wheel, *EXTRAS.split(","))
    assert not names & {"tensorflow-cpu", "keras", "prefect", "matplotlib"}


def test_the_small_image_works(wheel: Path, tmp_path: Path) -> None:
    """The commands of the page run with what the small image installs."""
    image = environment(tmp_path / "venv", wheel, *EXTRAS.split(","))
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    (tmp_path / "out").mkdir()
    (commands,) = blocks("container", "sh")
    script = f"PATH={image.root}/bin:$PATH\n{commands}"
    done = image.run("bash", "-euxc", script, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out/restored").rglob("*.parquet"))) == 5


def test_nobody_is_root() -> None:
    """The last user is a number above the system's, and every base image has an exact version."""
    *_, user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert int(user) >= 1000
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)


def test_the_build_finds_its_files() -> None:
    """What is copied exists, and .dockerignore lets it through."""
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for names in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for name in names.split():
            assert (ROOT / name).exists()
            assert f"!{name}" in allowed
