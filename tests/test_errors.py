"""The tree of errors, their messages and their journey between processes."""

from __future__ import annotations

import builtins
import copy
import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline import errors
from ae_pipeline.errors import AePipelineError, listing
from tests.support.checks import assert_one_line, assert_pickles

PARTS = ("what", "where", "expected", "got", "remedy")
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, AePipelineError)
]
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


def drawn_tree() -> dict[str, tuple[str, ...]]:
    """Name of each class in the drawing → names of its bases, its own builtin last."""
    tree: dict[str, tuple[str, ...]] = {}
    ancestors = ["AePipelineError"]
    branch = re.compile(r"^ {4}([│ ]*)[├└]── (\w+)(?: +\((\w+)\))?", re.MULTILINE)
    for indent, name, builtin in branch.findall(errors.__doc__ or ""):
        depth = 1 + len(indent) // 4
        ancestors[depth:] = [name]
        tree[name] = (ancestors[depth - 1], builtin) if builtin else (ancestors[depth - 1],)
    return tree


def test_listing() -> None:
    """A message names the first of many, and says how many more there are."""
    assert listing([]) == ""
    assert listing(["a", "b"]) == "a, b"
    assert listing(list(range(100)), most=2) == "0, 1 and 98 more"


def make(kind: type[AePipelineError]) -> AePipelineError:
    """An error with all of its parts."""
    return kind("fault", where="a.parquet", expected="2 columns", got="3", remedy="drop one")


def test_drawn_tree_is_the_real_one() -> None:
    """The tree at the top of errors.py shows every class under its parent, with its builtin."""
    real = {
        kind.__name__: tuple(base.__name__ for base in kind.__bases__)
        for kind in CLASSES
        if kind is not AePipelineError
    }
    assert drawn_tree() == real


@pytest.mark.parametrize(("name", "bases"), drawn_tree().items())
def test_caught_as_builtin(name: str, bases: tuple[str, ...]) -> None:
    """Who does not know our tree catches the builtin that it draws."""
    expected = getattr(builtins, bases[-1], AePipelineError)
    with pytest.raises(expected, match="fault"):
        raise make(getattr(errors, name))


@each_class
def test_pickles_with_all_parts(kind: type[AePipelineError]) -> None:
    """Every error survives a process border with all of its parts."""
    assert_pickles(make(kind))
    assert_pickles(kind("fault"))


@each_class
def test_copies_with_all_parts(kind: type[AePipelineError]) -> None:
    """A copied error is the same error."""
    error = make(kind)
    assert vars(copy.copy(error)) == vars(copy.deepcopy(error)) == vars(error)


@each_class
def test_message_has_all_parts(kind: type[AePipelineError]) -> None:
    """A message tells what, where, expected, got and the remedy, in this order."""
    assert str(make(kind)) == "fault: a.parquet: expected 2 columns, got 3: drop one"


@given(st.fixed_dictionaries({part: st.text() for part in PARTS}))
def test_message_is_one_line(parts: dict[str, str]) -> None:
    """Whatever the parts hold, the message has no line breaks and the parts stay as they were."""
    error = AePipelineError(**parts)
    assert len(str(error).splitlines()) <= 1
    assert {part: getattr(error, part) for part in PARTS} == parts
    assert_pickles(error)


def test_empty_parts_leave_no_trace() -> None:
    """Parts that were not given leave no colons behind."""
    assert_one_line(AePipelineError("fault"), "fault")
    assert str(AePipelineError("fault")) == "fault"
    assert str(AePipelineError("fault", got="3")) == "fault: got 3"
    assert str(AePipelineError("fault", remedy="stop")) == "fault: stop"
