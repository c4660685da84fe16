"""References as bytes: a table of their own, with a model of its own; `docs/format.md`, 6.8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Sequence as Items
from itertools import islice

import numpy as np

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, prefixed, varints
from ae_pipeline.mapping.subcolumn import (
    Integers,
    Live,
    Sequence,
    SubColumn,
    join_sequences,
    live_rows,
    slice_sequence,
)
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import TableModel
from ae_pipeline.table.references.rows import MOST_KEYS, MOST_REFERENCES, References
from ae_pipeline.table.subcolumn_coder import SubColumnCoder
from ae_pipeline.table.table_file import pack_table, unpack_table

#: Integers of all references.
MOST_INTEGERS = 1 << 24
_PLAIN, _MODELLED = b"\0", b"\1"


def pack_references(references: References, model: TableModel, columns: Items[SubColumn]) -> bytes:
    """Pack references after the numbers of their sub-columns and the model of these.

    Args:
        references: that keep the parent of every sub-column that they keep.
        model: of the sub-columns that are kept, in the order of `columns`.
        columns: of the codec.
    """
    kept = [column for column in columns if column.name in references.sequences]
    places = [place for place, column in enumerate(columns) if column in kept]
    names = [column.name for column in kept]
    lists = [references.sizes, places, *_numbered(names, references.keys, references.names)]
    header = varints(number for one in lists for number in (len(one), *one))
    coder = _Coder(model, kept)
    streams = [stream for part in _parts(references) for stream in coder.pack(part)]
    return header + prefixed([pack_table(model, kept), *streams])


def unpack_references(content: bytes, columns: Items[SubColumn]) -> References:
    """Invert `pack_references`.

    Raises:
        ValueError: these are no references of a codec with these sub-columns.
    """
    reader = Reader(content)
    sizes = tuple(reader.varints(_below(reader.varint(), MOST_REFERENCES)))
    places = reader.varints(_below(reader.varint(), len(columns)))
    n_rows = sum(sizes)
    if not sizes or min(sizes) < 1 or n_rows * max(len(places), 1) > MOST_INTEGERS:
        raise ValueError(f"references of {n_rows} rows")
    if places != sorted(set(places)) or not places or places[-1] >= len(columns):
        raise ValueError("references name no sub-columns of the table")
    kept = [columns[place] for place in places]
    keys = _names(reader, kept, MOST_KEYS)
    names = _names(reader, kept, len(kept))
    if set(keys) & set(names):
        raise ValueError("references repeat their keys")
    if any(column.space for column in kept):
        raise ValueError("references keep items of lists")
    model, *streams = reader.take_prefixed(1 + len(sizes) * len(kept))
    if not reader.is_at_end:
        raise ValueError("bytes after references")
    coder, left = _Coder(unpack_table(model, kept), kept), iter(streams)
    parts = [coder.unpack(list(islice(left, len(kept))), n_rows) for n_rows in sizes]
    sequences = {one.name: join_sequences([part[one.name] for part in parts]) for one in kept}
    return References(keys, names, sequences, sizes)


def _numbered(kept: Items[str], *lists: Items[str]) -> list[list[int]]:
    return [[kept.index(name) for name in names] for names in lists]


def _names(reader: Reader, kept: Items[SubColumn], most: int) -> tuple[str, ...]:
    """Take the numbers of some of the sub-columns that are kept, at least one."""
    numbers = reader.varints(_below(reader.varint(), most))
    if not numbers or len(set(numbers)) < len(numbers) or max(numbers) >= len(kept):
        raise ValueError("references have no keys, or no sub-columns")
    return tuple(kept[number].name for number in numbers)


class _Coder:
    """Codes one reference after the other, each as a block.

    Args:
        model: of the sub-columns.
        kept: sub-columns, in the order of the codec.
    """

    def __init__(self, model: TableModel, kept: Items[SubColumn]) -> None:
        self._order = model.order
        self._columns = {column.name: column for column in kept}
        self._coders = {one.name: SubColumnCoder(one) for one in model.models}

    def pack(self, sequences: Mapping[str, Sequence]) -> list[bytes]:
        """Return the streams of a reference, in coding order."""
        known = KnownRows(len(sequences[self._order[0]].integers), self._columns)
        streams = []
        for name in self._order:
            streams.append(self._smaller(name, known, sequences[name]))
            known.add(name, sequences[name])
        return streams

    def unpack(self, streams: Items[bytes], n_rows: int) -> dict[str, Sequence]:
        """Invert `pack`; ValueError if these are no such streams."""
        known, sequences = KnownRows(n_rows, self._columns), dict[str, Sequence]()
        for name, stream in zip(self._order, streams, strict=True):
            live = live_rows(self._columns[name], sequences)
            sequences[name] = Sequence(self._read(name, known, stream, live), live)
            known.add(name, sequences[name])
        return sequences

    def _smaller(self, name: str, known: KnownRows, sequence: Sequence) -> bytes:
        live, integers = sequence.live, sequence.integers
        plain = _PLAIN + pack_integers(integers if live is None else integers[live])
        if name not in self._coders:
            return plain
        return min(plain, _MODELLED + self._coders[name].encode(known, sequence), key=len)

    def _read(self, name: str, known: KnownRows, stream: bytes, live: Live) -> Integers:
        if stream[:1] == _MODELLED and name in self._coders:
            return self._coders[name].decode(stream[1:], known, live)
        if stream[:1] != _PLAIN:
            raise ValueError("a stream of references of an unknown kind")
        integers = np.zeros(known.n_rows, np.int64)
        has_one = np.ones(known.n_rows, bool) if live is None else live
        integers[has_one] = unpack_integers(stream[1:], int(has_one.sum()))
        return integers


def _parts(references: References) -> Iterator[dict[str, Sequence]]:
    """Yield the sub-columns of each reference."""
    end = 0
    for size in references.sizes:
        start, end = end, end + size
        sequences = references.sequences.items()
        yield {name: slice_sequence(one, slice(start, end)) for name, one in sequences}


def _below(number: int, most: int) -> int:
    if number > most:
        raise ValueError(f"{number} in a list of references, at most {most} may be")
    return number
