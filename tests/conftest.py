"""Fixtures that many tests share, and how hypothesis runs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

from tests.support.data.datasets import mixed_tree
from tests.support.faults.block_devices import folding_disk, mount_image
from tests.support.object_servers.fixtures import (
    azurite_server,
    fault_path,
    moto_server,
    object_server,
    seaweedfs_server,
)

PACKAGE = Path(__file__).parents[1] / "ae_pipeline"
#: TensorFlow reads the sources of functions that it traces, which instrumented modules do not have,
#: and Numba compiles what it is given.
TRACED = {"compiled", "network", "training"}
#: They pass files around, and to beartype `io.BytesIO` is no `BinaryIO`.
OF_FILES = {"parquet", "storage"}
#: scikit-learn's checks give an estimator parameters of any type.
OF_OTHERS = {"sklearn"}

# Numba looks for changes in the file of the outermost kernel alone.
KERNELS = b"".join(path.read_bytes() for path in sorted((PACKAGE / "compiled").glob("*.py")))
os.environ["NUMBA_CACHE_DIR"] = str(
    PACKAGE / "compiled/__pycache__" / hashlib.sha256(KERNELS).hexdigest()[:16]
)

# Shapes and dtypes in annotations are checked wherever tests call us. Modules are cached as they
# were instrumented: after a change of annotations alone, remove `__pycache__`.
install_import_hook(
    [
        f"ae_pipeline.{path.stem}"
        for path in PACKAGE.iterdir()
        if not path.name.startswith("_") and path.stem not in TRACED | OF_FILES | OF_OTHERS
    ],
    "beartype.beartype",
)

# No deadline: two shared cores stall for longer than any example takes.
settings.register_profile("local", deadline=None, max_examples=50)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

__all__ = [
    "azurite_server",
    "fault_path",
    "folding_disk",
    "moto_server",
    "mount_image",
    "object_server",
    "seaweedfs_server",
]

Mount = Callable[[str], Path]


@pytest.fixture
def generator() -> np.random.Generator:
    """A generator of its own for every test."""
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three partitions of mixed columns; nobody may change it."""
    return mixed_tree(tmp_path_factory.mktemp("source") / "mixed")


@pytest.fixture
def own_archive(archive: Path, tmp_path: Path) -> Path:
    """A copy of the module's archive that a test may spoil."""
    return Path(shutil.copytree(archive, tmp_path / "own"))


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[Mount]:
    """Mount a tiny disk with the given options, e.g. `size=64k`; gone after the test."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    mounted: list[Path] = []

    def mount_one(options: str) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        if mount is None or umount is None:
            pytest.skip("there is no mount command")
        command = [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a disk is not permitted here")
        mounted.append(folder)
        return folder

    yield mount_one
    for folder in mounted:
        subprocess.run([str(umount), str(folder)], check=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Flows last: Prefect's threads draw random numbers, which Hypothesis minds, and few lines are
    logged once flows are loaded.
    """  # noqa: D205
    items.sort(key=lambda item: "flows" in item.path.parts)
