"""Packages that only some installations have."""

from __future__ import annotations

import pytest

from ae_pipeline.errors import MissingExtraError
from ae_pipeline.extras import EXTRA_OF, require


def test_what_is_installed_is_no_error() -> None:
    """All extras are installed where the tests run, and nothing is imported to find out."""
    for package in EXTRA_OF:
        require("a test", package)


def test_what_is_missing_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the packages that are missing and the command that installs them."""
    monkeypatch.setitem(EXTRA_OF, "no_such_package", "train")
    with pytest.raises(MissingExtraError) as caught:
        require("a test", "keras", "no_such_package")
    assert str(caught.value) == (
        "a test needs packages that are not installed: no_such_package: "
        'pip install "ae-pipeline[train]"'
    )
    assert isinstance(caught.value, ImportError)


def test_a_way_without_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is a way without the packages, the message names it."""
    monkeypatch.setitem(EXTRA_OF, "no_such_package", "cli")
    with pytest.raises(MissingExtraError, match=r'"ae-pipeline\[cli\]", or set x to y$'):
        require("a test", "no_such_package", or_else="set x to y")
