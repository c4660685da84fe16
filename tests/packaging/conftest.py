"""One wheel for all tests of packaging, and the environments that it is installed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.environments import Environment, build, environment


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build(tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="session")
def reader(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment without any extra."""
    return environment(tmp_path_factory.mktemp("reader") / "venv", wheel)


@pytest.fixture(scope="session")
def commanded(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the command line and without Prefect."""
    return environment(tmp_path_factory.mktemp("commanded") / "venv", wheel, "cli")


@pytest.fixture(scope="session")
def orchestrated(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with Prefect and without TensorFlow."""
    return environment(tmp_path_factory.mktemp("orchestrated") / "venv", wheel, "flows")
