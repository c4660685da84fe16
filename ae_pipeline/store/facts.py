"""Facts about versions of objects, kept with a dataset so that nobody asks again.

A fact holds for one version, which its ETag names: it is forgotten when the object changes, and a
file of facts that is lost or damaged costs requests and nothing else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

#: `footer`: the keys in the footer of an encoded fragment. `fingerprint`: of a source fragment.
#: `note`: the content of a note.
Kind = Literal["footer", "fingerprint", "note"]
#: URI, ETag, kind, fact.
Row: TypeAlias = tuple[str, str, Kind, str]
_SCHEMA = pa.schema([(name, pa.string()) for name in ("uri", "etag", "kind", "fact")])
#: Longer facts are read anew: planning holds all in memory.
_MOST_CHARACTERS = 4096
_GROUP_ROWS, _BATCH_ROWS = 1 << 16, 1 << 12


@dataclass
class Facts:
    """Facts about objects; threads may share them.

    Args:
        known: by kind and folder, then by name, each after its ETag and U+0000: with names that
            the tree of objects has, too, this takes least memory.
        fresh: facts that were learned since this was last asked.
    """

    known: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    fresh: list[Row] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def recall(self, uri: str, etag: str | None, kind: Kind) -> str | None:
        """Return a fact about this version of an object, if it is known."""
        folder, name = _split(uri)
        found, start = self.known.get((kind, folder), {}).get(name, ""), f"{etag}\0"
        return None if etag is None or not found.startswith(start) else found[len(start) :]

    def remember(self, uri: str, etag: str | None, kind: Kind, fact: str) -> None:
        """Keep a fact about a version of an object, if the store names versions."""
        if etag is None or len(fact) > _MOST_CHARACTERS:
            return
        with self.lock:
            (facts, name), text = self._place(uri, kind), f"{etag}\0{fact}"
            if facts.get(name) != text:
                facts[name] = text
                self.fresh.append((uri, etag, kind, fact))

    def _place(self, uri: str, kind: Kind) -> tuple[dict[str, str], str]:
        folder, name = _split(uri)
        return self.known.setdefault((kind, folder), {}), sys.intern(name)

    def take_fresh(self) -> list[Row]:
        """Return what was learned since this was last asked."""
        with self.lock:
            fresh, self.fresh = self.fresh, []
        return fresh

    def load(self, content: bytes) -> None:
        """Add the facts of a file; a damaged one holds none beyond its damage."""
        try:
            for rows in _rows(content):
                with self.lock:
                    for uri, etag, kind, fact in rows:
                        facts, name = self._place(uri, kind)
                        facts.setdefault(name, f"{etag}\0{fact}")
        except (pa.ArrowException, OSError, ValueError, KeyError):
            return

    def save(self, uris: Iterable[str]) -> bytes:
        """Return a file of the facts about objects that exist, for `load`."""
        wanted = set(uris)
        with self.lock:
            rows = [
                (uri, *text.split("\0", 1), kind)
                for (kind, folder), facts in self.known.items()
                for name, text in facts.items()
                if (uri := folder + name) in wanted
            ]
        return _file(sorted(rows, key=itemgetter(0, 3)))


def _split(uri: str) -> tuple[str, str]:
    """Return the folder, with the slash at its end, and the name."""
    start = uri.rfind("/") + 1
    return uri[:start], uri[start:]


def _file(rows: list[tuple[str, ...]]) -> bytes:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd") as writer:
        for start in range(0, len(rows), _GROUP_ROWS):
            uris, etags, facts, kinds = zip(*rows[start : start + _GROUP_ROWS], strict=True)
            arrays = [pa.array(column, pa.string()) for column in (uris, etags, kinds, facts)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA))
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _rows(content: bytes) -> Iterator[Iterable[Row]]:
    """Yield the rows of a file, a few at a time: all of them take far more memory as columns."""
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        if not {*_SCHEMA} <= {*file.schema_arrow.remove_metadata()}:
            return
        for batch in file.iter_batches(_BATCH_ROWS, columns=_SCHEMA.names, use_threads=False):
            whole = batch.select(_SCHEMA.names)
            if not any(column.null_count for column in whole.columns):
                yield zip(*(column.to_pylist() for column in whole.columns), strict=True)
    pa.default_memory_pool().release_unused()  # several times the size of the file
