"""Names of live files below a snapshot: hive-style, from the partition that the log gives them.

Whatever the folders on disk are called: an archive of the table looks like one of a partitioned
folder, and a file keeps its name in every version that it is live in.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote

from ae_pipeline.lake.snapshot import LiveFile

#: The name that Hive and Spark give the folder of rows without a value.
NULL = "__HIVE_DEFAULT_PARTITION__"
_KEPT = " !$&'()+,-.;@[]^_`{|}~"
_DIGITS = 8


def relative_names(files: Sequence[LiveFile]) -> list[str]:
    """Return the path of each file below the snapshot, all different.

    Two files of one name in one partition both get a digest of their paths.
    """
    names = [_relative(file) for file in files]
    counts = Counter(names)
    return [
        name if counts[name] == 1 else _told_apart(name, file)
        for name, file in zip(names, files, strict=True)
    ]


def _relative(file: LiveFile) -> str:
    folders = [f"{_escaped(column)}={_folder(value)}" for column, value in file.partition]
    # Readers of datasets skip names that begin so.
    shown = file.path.name if file.path.name[0] not in "_." else f"live{file.path.name}"
    return "/".join((*folders, shown))


def _folder(value: str | None) -> str:
    return NULL if value in (None, "") else _escaped(str(value))


def _escaped(text: str) -> str:
    """Escape what a folder's name cannot hold, and what would be read as an escape."""
    return "".join(
        one if one.isalnum() or one in _KEPT else quote(one, safe="", errors="surrogatepass")
        for one in text
    )


def _told_apart(name: str, file: LiveFile) -> str:
    digest = hashlib.sha256(os.fsencode(file.path)).hexdigest()[:_DIGITS]
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{digest}-{last}"
