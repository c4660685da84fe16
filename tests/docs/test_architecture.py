"""The drawing of the architecture cannot lie: it refuses what the code contradicts."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.architecture import floor_names, read_architecture
from docs.drawing import draw

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def _project(folder: Path, floors: list[list[str]]) -> Path:
    """A project whose contract has these floors."""
    layers = [" | ".join(names) for names in floors]
    contract = {"type": "layers", "containers": ["ae_pipeline"], "layers": layers}
    lines = (f"{key} = {value!r}" for key, value in contract.items())
    path = folder / "pyproject.toml"
    path.write_text("\n".join(["[[tool.importlinter.contracts]]", *lines]), encoding="utf-8")
    return path


def test_rooms_are_those_of_the_contract() -> None:
    """Every room of the contract is drawn once, on its floor, and uses lower floors alone."""
    house = read_architecture(PROJECT)
    assert [[room.name for room in rooms] for rooms in house.floors] == floor_names(PROJECT)
    below: set[str] = set()
    for rooms in reversed(house.floors):
        assert all(set(room.uses) <= below for room in rooms)
        below |= {room.name for room in rooms}
    assert set(house.flows.uses) <= below
    assert "prefect" in house.flows.libraries


def test_every_room_says_what_it_is_for() -> None:
    """A room without a docstring would be an empty box."""
    house = read_architecture(PROJECT)
    assert all(room.sentence for rooms in house.floors for room in rooms)


def test_a_room_that_is_missing_is_refused(tmp_path: Path) -> None:
    """A contract without one of the rooms is not drawn."""
    _, *lower = floor_names(PROJECT)
    with pytest.raises(ValueError, match="not the same in contract and code"):
        read_architecture(_project(tmp_path, lower))


def test_an_import_sideways_is_refused(tmp_path: Path) -> None:
    """A contract that puts a room beside the rooms it imports is not drawn."""
    top, second, *lower = floor_names(PROJECT)
    with pytest.raises(ValueError, match="not on a lower floor"):
        read_architecture(_project(tmp_path, [top + second, *lower]))


def test_drawing_is_well_formed() -> None:
    """The SVG parses, and shows the name of every room."""
    house = read_architecture(PROJECT)
    svg = ElementTree.fromstring(draw(house))  # noqa: S314  our own text
    shown = {element.text for element in svg.iter() if element.get("class") == "name"}
    assert shown == {room.name for rooms in house.floors for room in rooms}
