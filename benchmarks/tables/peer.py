"""A way to store whole tables, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # each peer's own choice

import pyarrow as pa


def _nothing(parts: Sequence[pa.Table]) -> None:
    """Return the choice of peers that have none."""


@dataclass(frozen=True)
class TablePeer:
    """A lossless format.

    Args:
        name: name in tables.
        write: stores a table as a file or folder, as chosen.
        read: restores the table from there; the schema is the source's, which a format that
            stores its own may ignore.
        choose: looks at all tables before the first is written; this costs the peer no time.
        column_bytes: bytes of each column in a file, if columns can be told apart.
        package: what must be installed.
    """

    name: str
    write: Callable[[pa.Table, Path, Any], None]
    read: Callable[[Path, pa.Schema], pa.Table]
    choose: Callable[[Sequence[pa.Table]], Any] = _nothing
    column_bytes: Callable[[Path, pa.Schema], dict[str, int]] | None = None
    package: str = "pyarrow"

    @property
    def is_installed(self) -> bool:
        """Whether its package can be imported."""
        return find_spec(self.package) is not None


@dataclass(frozen=True)
class TableEntry:
    """One way to store a table, measured.

    Args:
        name: name of the peer.
        n_bytes: everything that it wrote.
        encode_s: CPU-seconds from Arrow to files, or None if it was not written now.
        decode_s: CPU-seconds from files to Arrow.
        layout: how the rows were split.
        fallen: columns stored as Parquet, because the peer cannot hold them.
        columns: bytes of each column, where they can be told apart.
        failure: why there are no figures; empty if there are.
    """

    name: str
    n_bytes: int = 0
    encode_s: float | None = None
    decode_s: float | None = None
    layout: str = ""
    fallen: tuple[str, ...] = ()
    columns: dict[str, int] | None = None
    failure: str = ""
