"""Places of jobs and plans may be URIs: `place` makes paths of them, and `Path` does not."""

from __future__ import annotations

import ast

import pytest

from tests.support.source_tree import modules, parse

#: Settings and plans that name places.
FIELDS = {"archive", "codec", "decoded", "destination", "encoded", "features", "source"}


def paths_of_places(tree: ast.AST) -> list[str]:
    """Calls of `Path` with a place."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    own = [one for one in calls if isinstance(one.func, ast.Name) and one.func.id == "Path"]
    return [
        ast.unparse(call)
        for call in own
        if any(
            isinstance(node, ast.Attribute) and node.attr in FIELDS
            for argument in call.args
            for node in ast.walk(argument)
        )
    ]


def test_places_become_paths_by_one_function() -> None:
    """No `Path(job.source)`, which makes a local folder `s3:` of a URI."""
    found = {str(one): paths_of_places(parse(one)) for one in modules("ae_pipeline", "flows")}
    assert {module: calls for module, calls in found.items() if calls} == {}


@pytest.mark.parametrize("code", ["Path(job.source)", "Path(plan.destination or '')"])
def test_such_calls_are_found(code: str) -> None:
    """The search sees what it is for."""
    assert paths_of_places(ast.parse(code)) == [code]
