"""Which loggers say little, by the names that modules have today."""

from __future__ import annotations

import inspect
import logging
from importlib import import_module

import pytest

from flows.runtime.log_lines import _TALKATIVE, FewLines, limit_lines

pytestmark = pytest.mark.flow


@pytest.mark.parametrize("name", _TALKATIVE)
def test_talkative_modules_are_there(name: str) -> None:
    """Every module that is limited exists and logs a line per fragment under its own name."""
    module = import_module(name)
    assert module.logger is logging.getLogger(name)
    assert "logger.info(" in inspect.getsource(module)


def test_each_is_limited_once() -> None:
    """However often it is asked for, a logger has one limit."""
    limit_lines()
    limit_lines()
    for name in _TALKATIVE:
        limits = [one for one in logging.getLogger(name).filters if isinstance(one, FewLines)]
        assert len(limits) == 1
