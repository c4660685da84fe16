"""The architecture as the code has it: floors of the import contract, rooms, and real imports.

Nothing here is written by hand: floors come from `pyproject.toml`, sentences from docstrings, and
imports from the code. `docs.drawing` draws it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import grimp

#: The module that `python -m` runs, which is no room.
_START = "__main__"
PACKAGE, FLOWS = "ae_pipeline", "flows"
#: Libraries that only few rooms know; numpy and pyarrow are everywhere.
_LIBRARIES = (
    *("prefect", "typer", "rich", "tensorflow", "keras", "safetensors"),
    *("pcodec", "sqlglot", "pydantic", "yaml"),
)


@dataclass(frozen=True)
class Room:
    """A module or package right below `ae_pipeline`, or `flows` itself.

    Args:
        name: without the package.
        sentence: the first of its docstring.
        uses: rooms that it imports, from the top floor down.
        libraries: third-party packages that it imports, of those worth a note.
    """

    name: str
    sentence: str
    uses: tuple[str, ...]
    libraries: tuple[str, ...]


@dataclass(frozen=True)
class Architecture:
    """Floors from the top down, and the flows above them."""

    flows: Room
    floors: tuple[tuple[Room, ...], ...]


def read_architecture(project: Path) -> Architecture:
    """The architecture of the code that Python imports, by the contract in `project`.

    Raises:
        ValueError: the contract leaves out a room, or an import goes up or sideways.
    """
    code = _Code(floor_names(project))
    code.check()
    floors = tuple(tuple(map(code.room, names)) for names in code.floors)
    return Architecture(code.room(FLOWS), floors)


def floor_names(project: Path) -> list[list[str]]:
    """Names of the rooms on each floor, from the top down."""
    settings = tomllib.loads(project.read_text(encoding="utf-8"))
    contract = next(filter(_is_house, settings["tool"]["importlinter"]["contracts"]))
    return [re.findall(r"\w+", layer) for layer in contract["layers"]]


def _is_house(contract: dict[str, Any]) -> bool:
    return contract["type"] == "layers" and contract.get("containers") == [PACKAGE]


class _Code:
    """Imports between rooms, as the code has them."""

    def __init__(self, floors: Sequence[Sequence[str]]) -> None:
        self.floors = floors
        self._number = {name: i for i, names in enumerate(floors) for name in names}

    @cached_property
    def _graph(self) -> grimp.ImportGraph:
        return grimp.build_graph(PACKAGE, FLOWS, include_external_packages=True, cache_dir=None)

    def check(self) -> None:
        """What the contract says is so; a picture of anything else would be a lie."""
        inside = {name.removeprefix(f"{PACKAGE}.") for name in self._graph.find_children(PACKAGE)}
        inside -= {_START}
        if inside != set(self._number):
            raise ValueError(f"not the same in contract and code: {inside ^ set(self._number)}")
        for name in inside:
            for used in self._rooms_used(name):
                if self._number[used] <= self._number[name]:
                    raise ValueError(f"{name} imports {used}, which is not on a lower floor")

    def room(self, name: str) -> Room:
        """All that is known of one."""
        libraries = self._imported(name)
        uses = self._rooms_used(name)
        return Room(
            name,
            _sentence(self._module(name)),
            tuple(sorted(uses, key=lambda used: (self._number[used], used))),
            tuple(library for library in _LIBRARIES if library in libraries),
        )

    def _rooms_used(self, name: str) -> set[str]:
        inside = (module for module in self._imported(name) if module.startswith(f"{PACKAGE}."))
        return {module.split(".")[1] for module in inside} - {name}

    def _imported(self, name: str) -> set[str]:
        return {used for one in self._modules(name) for used in self._uses(one)}

    def _uses(self, module: str) -> set[str]:
        return self._graph.find_modules_directly_imported_by(module)

    def _modules(self, name: str) -> Iterator[str]:
        yield self._module(name)
        yield from self._graph.find_descendants(self._module(name))

    @staticmethod
    def _module(name: str) -> str:
        return name if name == FLOWS else f"{PACKAGE}.{name}"


def _sentence(module: str) -> str:
    """First sentence of a module's docstring, found without running the module."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"{module} has no source")
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    paragraph = " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.:]) ", paragraph)[0].rstrip(".:").replace("`", "")
