"""Facts about versions of objects, kept with a dataset so that nobody asks again.

A fact holds for one version, which its ETag names: it is forgotten when the object changes, and a
file of facts that is lost or damaged costs requests and nothing else.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

#: `footer`: the keys in the footer of an encoded fragment. `fingerprint`: of a source fragment.
Kind = Literal["footer", "fingerprint"]
#: URI, ETag, kind, fact.
Row: TypeAlias = tuple[str, str, Kind, str]
_SCHEMA = pa.schema([(name, pa.string()) for name in ("uri", "etag", "kind", "fact")])
#: Longer facts are read anew: planning holds all in memory.
_MOST_CHARACTERS = 4096


@dataclass
class Facts:
    """Facts by URI and kind; threads may share them."""

    known: dict[tuple[str, Kind], tuple[str, str]] = field(default_factory=dict)
    fresh: list[Row] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, uri: str, etag: str | None, kind: Kind) -> str | None:
        """Return a fact about this version of an object, if it is known."""
        found = self.known.get((uri, kind))
        return None if found is None or etag is None or found[0] != etag else found[1]

    def remember(self, uri: str, etag: str | None, kind: Kind, fact: str) -> None:
        """Keep a fact about a version of an object, if the store names versions."""
        if etag is None or len(fact) > _MOST_CHARACTERS:
            return
        with self.lock:
            if self.known.get((uri, kind)) != (etag, fact):
                self.known[uri, kind] = etag, fact
                self.fresh.append((uri, etag, kind, fact))

    def take_fresh(self) -> list[Row]:
        """Return what was learned since this was last asked."""
        with self.lock:
            fresh, self.fresh = self.fresh, []
        return fresh

    def load(self, content: bytes) -> None:
        """Add the facts of a file; a damaged one holds none."""
        try:
            table = pq.read_table(io.BytesIO(content), schema=_SCHEMA)
            columns = [table.column(name).to_pylist() for name in _SCHEMA.names]
        except (pa.ArrowException, OSError, ValueError, KeyError):
            return
        with self.lock:
            for uri, etag, kind, fact in zip(*columns, strict=True):
                self.known.setdefault((uri, kind), (etag, fact))

    def save(self, uris: Iterable[str]) -> bytes:
        """Return a file of the facts about objects that exist, for `load`."""
        wanted = set(uris)
        with self.lock:
            rows = [
                (uri, etag, kind, fact)
                for (uri, kind), (etag, fact) in sorted(self.known.items())
                if uri in wanted
            ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(_SCHEMA)
        arrays = [pa.array(column, pa.string()) for column in columns]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA), sink, compression="zstd")
        content: bytes = sink.getvalue().to_pybytes()
        return content
