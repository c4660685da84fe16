"""The project's own source: packages, modules, docstrings and settings."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # settings of several types

ROOT = Path(__file__).parents[2]
TOPS = ("ae_pipeline", "benchmarks", "docs", "flows", "tests")

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def packages(*tops: str) -> list[Path]:
    """Folders that hold modules, relative to the root."""
    return sorted({path.parent for path in modules(*tops)})


def modules(*tops: str) -> list[Path]:
    """Modules of these folders, relative to the root, `__init__` among them."""
    found = (path for top in tops for path in (ROOT / top).rglob("*.py"))
    return sorted(path.relative_to(ROOT) for path in found)


def rooms() -> list[str]:
    """Packages of ae_pipeline, and modules that lie in none."""
    entries = [path for path in (ROOT / "ae_pipeline").iterdir() if not path.name.startswith("_")]
    return sorted(path.stem for path in entries if path.suffix == ".py" or any(path.glob("*.py")))


def parse(module: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"))


def docstrings(module: Path) -> Iterator[tuple[str, str]]:
    """(name, docstring) of a module and of the classes and functions in it that have one."""
    for node in ast.walk(parse(module)):
        if isinstance(node, Documented):
            text = ast.get_docstring(node)
            if text is not None:
                yield getattr(node, "name", "module"), text


def settings() -> dict[str, Any]:
    """`pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def contract(name: str) -> dict[str, Any]:
    """The one contract of import-linter whose name begins so."""
    contracts = settings()["tool"]["importlinter"]["contracts"]
    (found,) = [one for one in contracts if one["name"].startswith(name)]
    return found
