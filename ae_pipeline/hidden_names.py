"""Names of files that must not be taken for data: half written, set aside or about to be deleted.

All start with a dot, which every reader of datasets skips, and end with the reason:

    .NAME.0123abcd.tmp        is still written
    .NAME.0123abcd.replaced   the former NAME, kept until its successor is safe
    .NAME.rejected            failed verification; .NAME.1.rejected is the next one
    .NAME.retiring            a source file while it is deleted
"""

from __future__ import annotations

import os
import re
import secrets
from itertools import count
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp", re.DOTALL)
_REPLACED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.replaced", re.DOTALL)
_REJECTED = re.compile(r"\.(?P<name>.+?)(\.\d+)?\.rejected", re.DOTALL)


def is_hidden(name: str) -> bool:
    """Whether readers of datasets skip a name: it starts with `_` or `.` and is no partition."""
    return name.startswith(("_", ".")) and ("=" not in name or is_temporary(name))


def temporary_path(path: Path, token: str | None = None) -> Path:
    """Return a name beside a file for writing it.

    Args:
        path: of the file once it is whole.
        token: 8 hex digits; random if there are none.
    """
    return path.with_name(f".{path.name}.{token or secrets.token_hex(4)}.tmp")


def is_temporary(name: str) -> bool:
    """Whether a file of this name was never published."""
    return _TEMPORARY.fullmatch(name) is not None


def replaced_path(path: Path) -> Path:
    """Return a name under which a file stays beside the one that replaces it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.replaced")


def name_of_replaced(name: str) -> str | None:
    """Return the name that a replaced file had; None for any other file."""
    match = _REPLACED.fullmatch(name)
    return None if match is None else match["name"]


def rejected_path(path: Path) -> Path:
    """Return the first free name to set a file aside under: none set aside before is lost."""
    numbers = (f".{number}" if number else "" for number in count())
    names = (path.with_name(f".{path.name}{number}.rejected") for number in numbers)
    return next(name for name in names if not (name.exists() or os.path.lexists(name)))


def name_of_rejected(name: str) -> str | None:
    """Return the name that a rejected file had; None for any other file."""
    match = _REJECTED.fullmatch(name)
    return None if match is None else match["name"]


def retiring_path(path: Path) -> Path:
    """Return the name of a source file while it is deleted."""
    return path.with_name(f".{path.name}.retiring")
