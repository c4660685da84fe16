"""One block: streams taken apart, predictions, and columns in their coding order."""

from __future__ import annotations

import struct
import zlib
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa

from tests.support.format_reader.column import Column
from tests.support.format_reader.streams import Bytes, read_integers
from tests.support.format_reader.table import MappedColumns, TableRows
from tests.support.format_reader.table_model import wrap
from tests.support.format_reader.vectors import VectorEntry

#: Method and streams of a feature column.
Streams = tuple[int, dict[str, bytes]]


def read_block(content: bytes, codec: dict) -> dict[str, pa.Array]:  # noqa: C901  as the format says it
    """Every column of a block."""
    assert zlib.crc32(content[4:]) == struct.unpack("<I", content[:4])[0]
    taken = Bytes(content, 4)
    flags, n_rows = taken.take(1)[0], taken.varint()
    decoder = codec["arrays"]["decoder"]
    n_codes = decoder["hidden_weights"].shape[0] if flags & 1 else 0
    table, ways, sizes = codec["table_model"], taken, taken
    if flags & 4:
        directory = zlib.decompress(taken.take(taken.varint()), wbits=-15)
        n_mapped = len(table.columns) + bool(table.kept) if table and flags & 2 else 0
        n_entries = len(codec["features"]) + len(codec["vectors"]) + n_mapped
        ways, sizes = Bytes(directory), Bytes(directory, n_entries)
    code_sizes = [sizes.varint() for _ in range(n_codes)]
    layouts: list = []
    number = 0
    while number < len(codec["features"]):
        if number in codec["vectors"]:
            width = codec["vectors"][number][1]
            layouts.append(VectorEntry(ways, sizes, width))
            number += width
            continue
        number += 1
        tag = ways.take(1)[0]
        wanted = ["main"] + ["validity"] * bool(tag & 16) + ["positions", "values"] * bool(tag & 32)
        layouts.append((tag & 15, {name: sizes.varint() for name in wanted}))
    mapped = MappedColumns(table, ways, sizes) if flags & 2 else None
    window = codec["network"]["window"] if codec["network"] else 1
    codes = [read_integers(taken.take(size), -(-n_rows // window)) for size in code_sizes]
    streams: list[Streams] = []
    for one in layouts:
        if isinstance(one, VectorEntry):
            streams += one.take(taken, n_rows)
        else:
            streams.append((one[0], {name: taken.take(size) for name, size in one[1].items()}))
    entries = [one for one in layouts if isinstance(one, VectorEntry)]
    if mapped:
        mapped.take(taken)
    assert taken.position == len(content)
    features = _Features(codec, n_rows, _predictions(codec, codes, n_rows), streams)
    if table is None:
        features.read_all(codec["arrays"]["predictor"])
        return _joined(features.arrays, codec, entries)
    rows = TableRows(table, n_rows)
    for number in table.order:
        sub = table.subs[number]
        if sub.name in table.owner:
            features.read_before(table.owner[sub.name], table)
            features.read_sub(sub.name, table.owner[sub.name], rows)
        elif mapped:
            mapped.read_integers(sub, rows)
    features.read_all(codec["arrays"]["predictor"])
    return _joined(features.arrays, codec, entries) | (
        mapped.columns(codec["kinds"], rows) if mapped else {}
    )


def _joined(
    arrays: dict[str, pa.Array], codec: dict[str, Any], entries: list[VectorEntry]
) -> dict[str, pa.Array]:
    """Lanes joined to vectors; a column that is mapped has none."""
    for entry, (name, width, kind) in zip(entries, codec["vectors"].values(), strict=True):
        lanes = [arrays.pop(f"{name}[{place}]", None) for place in range(width)]
        if lanes[0] is not None:
            arrays[name] = entry.join(lanes, kind)
    return arrays


class _Features:
    """Feature columns, one after the other."""

    def __init__(
        self,
        codec: dict[str, Any],
        n_rows: int,
        predictions: dict[int, np.ndarray],
        streams: list[Streams],
    ) -> None:
        self.codec, self.n_rows = codec, n_rows
        self.predictions, self.streams = predictions, streams
        self.cells = np.zeros((len(streams), n_rows))
        self.arrays: dict[str, pa.Array] = {}

    def read_all(self, predictor: dict[str, np.ndarray] | None) -> None:
        """Read those that are left; mapped ones are elsewhere."""
        numbers = predictor["order"].tolist() if predictor else range(len(self.streams))
        for number in numbers:
            if self._name(number) not in self.arrays and self.streams[number][0] != 7:
                self._read(number, None, None)

    def read_before(self, number: int, table: Any) -> None:
        """Read the lanes that are no sub-columns and come before this one."""
        predictor = self.codec["arrays"]["predictor"]
        order = predictor["order"].tolist() if predictor else list(range(len(self.streams)))
        for earlier in order[: order.index(number)]:
            name = self._name(earlier)
            is_alone = name not in table.owner and self.streams[earlier][0] != 7
            if is_alone and name not in self.arrays:
                self._read(earlier, None, None)

    def read_sub(self, name: str, number: int, rows: TableRows) -> None:
        """Read a sub-column of a feature column, and with its cells the column."""
        method, streams = self.streams[number]
        sub = rows.table.subs[rows.numbers[name]]
        feature, validity = self._name(number), streams.get("validity", b"")
        if name != feature:
            every = [True] * self.n_rows
            if validity[:1] == b"\2":
                rows.read(sub, validity[1:], every, is_modelled=True)
            else:
                is_valid = Column(self.codec, number, self.n_rows, None, None).validity(validity)
                rows.known[name] = [int(one) for one in is_valid]
            return
        column = Column(self.codec, number, self.n_rows, None, None)
        known = rows.known.get(f"{feature}?") if sub.parent else None
        is_valid = column.validity(validity) if known is None else np.array(known) == 1
        cells, low = None, rows.table.lows[feature]
        if method == 6:
            rows.read(sub, streams["main"], is_valid.tolist(), is_modelled=True)
            own = [one + low for one in rows.known[name] if one is not None]
            cells = np.array([wrap(one) for one in own], np.int64)
        own = iter(self._read(number, is_valid, cells))
        rows.known[name] = [wrap(int(next(own)) - low) if one else None for one in is_valid]

    def _name(self, number: int) -> str:
        return self.codec["features"][number]["name"]

    def _read(
        self, number: int, is_valid: np.ndarray | None, cells: np.ndarray | None
    ) -> np.ndarray:
        """Read a column; return the cells of its rows that are not null."""
        predictor = self.codec["arrays"]["predictor"]
        base = _base(predictor, number, self.cells) if predictor else None
        prediction = self.predictions.get(number)
        column = Column(self.codec, number, self.n_rows, prediction, base)
        found = column.read(*self.streams[number], is_valid, cells)
        self.arrays[self._name(number)], self.cells[number], own = found
        return own


def _predictions(codec: dict, codes: list[np.ndarray], n_rows: int) -> dict[int, np.ndarray]:
    if not codes:
        return {}
    seen = np.flatnonzero(codec["network"]["scale"]).tolist()
    wide = _predict(np.array(codes, float).T, codec["arrays"]["decoder"])
    rows = wide.reshape(-1, len(seen))[:n_rows]
    return {number: rows[:, place] for place, number in enumerate(seen)}


def _base(predictor: dict[str, np.ndarray], number: int, cells: np.ndarray) -> np.ndarray:
    """Before it is rounded."""
    stop = int(predictor["counts"][: number + 1].sum())
    total = np.full(cells.shape[1], float(predictor["biases"][number]))
    for term in range(stop - int(predictor["counts"][number]), stop):
        feature, lag = divmod(int(predictor["sources"][term]), 2)
        row = np.concatenate([cells[feature, :1], cells[feature, :-1]]) if lag else cells[feature]
        total += predictor["weights"][term] * row
    return total * 2.0 ** -float(predictor["shifts"][number])


def _predict(c: np.ndarray, d: dict[str, np.ndarray]) -> np.ndarray:
    a = (c @ d["hidden_weights"]) * 2.0 ** -d["hidden_shift"].astype(float) + d["hidden_bias"]
    g = np.clip(np.rint(a * 64), 0, 255)
    p = (g @ d["output_weights"]) * 2.0 ** -d["output_shift"].astype(float) / 64
    return p + (c @ d["skip_weights"]) * 2.0 ** -d["skip_shift"].astype(float) + d["output_bias"]
