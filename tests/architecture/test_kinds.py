"""Kinds of datasets: a third one is one module and one registration, so nothing branches on them.

What differs between kinds is a method of their format. Only `formats` and `codec/load.py` know
which kinds there are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.source_tree import modules, parse

KINDS = {"archive", "features"}
KNOWING = ("ae_pipeline/formats/", "ae_pipeline/codec/load.py")
#: Modules that still branch on a kind: how often. Entries go away and are never added.
BRANCHING = {
    "ae_pipeline/storage/footer.py": 2,
}


def branches(tree: ast.AST) -> Iterator[ast.expr]:
    """`isinstance` against formats and codecs, and comparisons with the name of a kind."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, classes]):
                if any(name.endswith(("Format", "Codec")) for name in _names(classes)):
                    yield node
            case ast.Compare(left=left, comparators=others):
                if any(_is_kind(side) for side in (left, *others)):
                    yield node
            case ast.MatchValue(value=value) if _is_kind(value):
                yield value


def _names(classes: ast.expr) -> Iterator[str]:
    """Names of the class or classes that `isinstance` is asked for."""
    for node in ast.walk(classes):
        if isinstance(node, ast.Name | ast.Attribute):
            yield node.id if isinstance(node, ast.Name) else node.attr


def _is_kind(side: ast.expr) -> bool:
    """Whether a side of a comparison is the name of a kind, or a list of some."""
    items = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
    return any(isinstance(item, ast.Constant) and item.value in KINDS for item in items)


def test_no_branch_on_a_kind() -> None:
    """No `isinstance` against a format or codec, no comparison with the name of a kind."""
    places: list[str] = []
    for module in modules("ae_pipeline", "flows"):
        if not str(module).startswith(KNOWING):
            found = list(branches(parse(module)))
            if len(found) > BRANCHING.get(str(module), 0):
                places += [f"{module}:{node.lineno}: {ast.unparse(node)}" for node in found]
    assert places == [], "\n".join(places)


@pytest.mark.parametrize(
    ("source", "n_branches"),
    [
        ("isinstance(one, ArchiveFormat)", 1),
        ("isinstance(one, (int, codecs.FeaturesCodec))", 1),
        ("isinstance(one, int)", 0),
        ("marker.kind == 'archive' or 'features' != kind", 2),
        ("kind in ('archive', 'features')", 1),
        ("marker.kind == kind", 0),
        ("match kind:\n    case 'archive':\n        pass", 1),
        ("kinds = {'archive': ArchiveFormat}", 0),
    ],
)
def test_branches_are_found(source: str, n_branches: int) -> None:
    """The search finds branches in every form that they take, and nothing else."""
    assert len(list(branches(ast.parse(source)))) == n_branches
