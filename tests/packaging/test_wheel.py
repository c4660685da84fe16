"""What the wheel and the sdist hold, and what they say of themselves."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

import ae_pipeline
from ae_pipeline.extras import EXTRA_OF
from tests.support.jobs.environments import build, dependencies, metadata_of

pytestmark = pytest.mark.heavy

BASE = {
    "annotated-types",
    "constriction",
    "jaxtyping",
    "numpy",
    "pcodec",
    "pyarrow",
    "pydantic",
    "pydantic-core",
    "pyyaml",
    "safetensors",
    "threadpoolctl",
    "typing-extensions",
    "typing-inspection",
    "wadler-lindig",
    "zstandard",
}


def test_wheel_owns_only_our_names(wheel: Path) -> None:
    """At the top of site-packages is nothing but names that begin with ours; no `flows`."""
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert tops == {
        "ae_pipeline",
        "ae_pipeline_flows",
        f"ae_pipeline-{ae_pipeline.__version__}.dist-info",
    }


def test_wheel_has_types_and_licence(wheel: Path) -> None:
    """Type checkers find `py.typed`; the licence is beside the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (licence,) = [name for name in names if name.endswith("/licenses/LICENSE")]
        assert b"Apache License" in archive.read(licence)
    assert "ae_pipeline/py.typed" in names


def test_metadata_is_complete(wheel: Path) -> None:
    """An index has all to show, and no address that is not there."""
    metadata = metadata_of(wheel)
    assert metadata["Version"] == ae_pipeline.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    for key in ("Summary", "Author", "Keywords", "Classifier", "Requires-Python", "License-File"):
        assert metadata[key], key
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert not metadata.get_all("Project-URL")
    assert not metadata["Home-page"]


def test_reader_needs_little(wheel: Path) -> None:
    """Without extras the wheel needs arrays, Parquet, entropy coders, settings, and little else."""
    assert {name.lower() for name in dependencies(wheel)} == BASE


def test_extras_bring_what_the_code_asks_for(wheel: Path) -> None:
    """The extra that an error message names brings the package; `all` brings all of them."""
    brought = {extra: dependencies(wheel, extra) for extra in (*EXTRA_OF.values(), "all")}
    for package, extra in EXTRA_OF.items():
        name = "tensorflow-cpu" if package == "tensorflow" else package
        assert name in brought[extra]
        assert name in brought["all"]
        assert name not in dependencies(wheel)


def test_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """From the sdist comes the wheel that the checkout gives, byte for byte."""
    with tarfile.open(build(tmp_path / "sdist", "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("ae_pipeline-*")
    again = build(tmp_path / "wheel", "wheel", source)
    assert again.name == wheel.name
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert one.namelist() == other.namelist()
        assert all(one.read(name) == other.read(name) for name in one.namelist())
