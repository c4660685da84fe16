"""Values of JSON trees that somebody else may have written."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from typing import Any  # JSON trees


def integer_of(tree: Dictionary[str, Any], key: str, low: int, high: int) -> int:
    """Return an integer within bounds, both inside.

    Raises:
        ValueError: it lies outside.
        KeyError: there is none.
        TypeError: it is something else.
    """
    value = tree[key]
    if type(value) is not int:
        raise TypeError(f"{key} is no integer: {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{key} is {value}, expected {low} to {high}")
    return value


def boolean_of(tree: Dictionary[str, Any], key: str) -> bool:
    """Return true or false; KeyError if there is neither, TypeError for anything else."""
    value = tree[key]
    if type(value) is not bool:
        raise TypeError(f"{key} is neither true nor false: {value!r}")
    return value


def word_of(tree: Dictionary[str, Any], key: str, words: frozenset[str]) -> str:
    """Return one of some words; KeyError, TypeError as `integer_of`, ValueError for another."""
    value = tree[key]
    if type(value) is not str:
        raise TypeError(f"{key} is no text: {value!r}")
    if value not in words:
        raise ValueError(f"{key} is {value!r}, expected one of {sorted(words)}")
    return value


def tree_of(tree: Dictionary[str, Any], key: str) -> dict[str, Any]:
    """Return a tree inside a tree; KeyError if there is none, TypeError for anything else."""
    value = tree[key]
    if type(value) is not dict:
        raise TypeError(f"{key} is no object: {value!r}")
    return value
