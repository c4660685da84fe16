"""Tell whether a file is Parquet by its name, or else by a few bytes at both ends.

A name is enough: a damaged `.parquet` is a fragment that fails.
"""

from __future__ import annotations

import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.store import open_end

SUFFIXES = (".parquet", ".parq", ".pq")
#: The bytes that a file begins and ends with; the second where its footer is encrypted.
_PLAIN, _ENCRYPTED = b"PAR1", b"PARE"
#: Magic, length of the footer, magic.
_LEAST_BYTES = 12
#: A suffix of another format, unless a part of the name is Parquet's.
_FOREIGN = re.compile(r"\.[A-Za-z]\w*$")


def has_suffix(name: str) -> bool:
    """Whether a name ends in a suffix of Parquet."""
    return name.lower().endswith(SUFFIXES)


@dataclass(frozen=True)
class Look:
    """A file at a glance.

    Args:
        reason: why it is no fragment, in a few words; empty if it is one.
        size_bytes: its size; 0 if that is unknown.
        is_link: the name is a link.
    """

    reason: str
    size_bytes: int
    is_link: bool


def look(path: Path) -> Look:
    """Tell whether a file is a fragment.

    A file that cannot be looked at and a link to nothing are fragments, which fail when they are
    read, unless their names have the suffix of another format.

    Raises:
        FileNotFoundError: it is gone.
    """
    is_link = False
    try:
        status = path.lstat()
        is_link = stat.S_ISLNK(status.st_mode)
        if is_link:
            status = path.stat()
        return Look(_reason(path, status.st_mode), status.st_size, is_link)
    except (FileNotFoundError, NotADirectoryError):
        if not is_link:
            raise FileNotFoundError(str(path)) from None
        return Look("" if _may_be_parquet(path.name) else "link to nothing", 0, is_link)
    except OSError as error:
        reason = "" if _may_be_parquet(path.name) else f"cannot be read: {error.strerror}"
        return Look(reason, 0, is_link)


def is_encrypted(path: Path) -> bool:
    """Whether a file begins and ends as Parquet with an encrypted footer."""
    with suppress(OSError):
        return _ends(path) == (_ENCRYPTED, _ENCRYPTED)
    return False


def _reason(path: Path, mode: int) -> str:
    if not stat.S_ISREG(mode):  # opening a pipe would wait for whoever writes to it
        return "not a regular file"
    return "" if has_suffix(path.name) else look_at_ends(path)


def look_at_ends(path: Path) -> str:
    """Return why a file is no fragment whose name does not say so; empty if it is one."""
    first, last = _ends(path)
    if first not in (_PLAIN, _ENCRYPTED):
        return "not Parquet: no PAR1"
    return "" if last == first else "not Parquet: no PAR1 at its end, cut short or still written"


def _ends(path: Path) -> tuple[bytes, bytes]:
    with open_end(path) as file:
        first = file.read(len(_PLAIN))
        size_bytes = file.seek(0, 2)
        if size_bytes < _LEAST_BYTES:
            return first, b""
        file.seek(size_bytes - len(_PLAIN))
        return first, file.read(len(_PLAIN))


def _may_be_parquet(name: str) -> bool:
    parts = {f".{part}" for part in name.lower().split(".")[1:]}
    return "=" in name or not parts.isdisjoint(SUFFIXES) or _FOREIGN.search(name) is None
