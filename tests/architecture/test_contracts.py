"""Lists in `pyproject.toml` are those of the tree, and commands that documents name exist."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from tests.support.source_tree import ROOT, contract, rooms, settings

#: Rooms that load TensorFlow.
HEAVY = {"network", "training"}
DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile")


def documents() -> list[Path]:
    """Files that name commands."""
    named = (ROOT / name for name in DOCUMENTS)
    return [path for path in (*named, *(ROOT / "docs").rglob("*.md")) if path.exists()]


def test_floors_name_every_room() -> None:
    """Each room has a floor, and one alone; import-linter reports rooms without one."""
    floors = contract("Floors")
    named = [name for floor in floors["layers"] for name in re.split(r"\s*[|:]\s*", floor)]
    assert sorted(named) == rooms()
    assert floors["exhaustive"]
    assert floors["containers"] == ["ae_pipeline"]


def test_tensorflow_contract_names_every_other_room() -> None:
    """All rooms but `network` and `training` are forbidden to import TensorFlow."""
    found = contract("TensorFlow")["source_modules"]
    assert found == [f"ae_pipeline.{room}" for room in rooms() if room not in HEAVY]


def test_numba_contract_names_every_other_room() -> None:
    """All rooms but `compiled` are forbidden to import Numba."""
    found = contract("Numba")["source_modules"]
    assert found == [f"ae_pipeline.{room}" for room in rooms() if room != "compiled"]


def test_exceptions_of_the_linter_match_files() -> None:
    """No rule is switched off for files that are gone."""
    patterns = settings()["tool"]["ruff"]["lint"]["per-file-ignores"]
    assert [pattern for pattern in patterns if not any(ROOT.glob(pattern))] == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_exist(path: Path) -> None:
    """Every `python -m` of ours that a document names is a program."""
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"python -m ((?:benchmarks|docs|flows|tests)(?:\.[a-z]\w*)+)", text):
        place = ROOT / name.replace(".", "/")
        candidates = chain([place.with_suffix(".py")], place.glob("__main__.py"))
        texts = [one.read_text(encoding="utf-8") for one in candidates if one.exists()]
        assert any('__name__ == "__main__"' in one for one in texts), f"{name} is no program"
