"""Values that a network cannot give back, stored exactly beside the latents.

A value far outside the range that the network learned, or a category that it has no place for,
travels with its row as a few bytes. Rows may be filtered, sorted or split by other tools.

A row without such values is null. Otherwise it is a run of entries: the lane, uint16; the length
of the value, uint32; the value. Numbers are float64, categories are JSON. All little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from ae_pipeline.blocks.block import Block
from ae_pipeline.inputs.category import UNKNOWN, Category, Value, decoded
from ae_pipeline.inputs.row import RowInputs

EXACT_COLUMN = "ae:exact"
_ENTRY = struct.Struct("<HI")
_NUMBER = struct.Struct("<d")


@dataclass(frozen=True)
class ExactValues:
    """Values by lane and row of some rows.

    Args:
        lanes: of each value.
        rows: of each value.
        values: float64 of lanes that are numbers, other values of categories.
    """

    lanes: Int64[np.ndarray, "values"]
    rows: Int64[np.ndarray, "values"]
    values: tuple[Value | float, ...]

    def __len__(self) -> int:
        return len(self.values)

    def put(
        self, values: Float64[np.ndarray, "lanes rows"], categories: Mapping[int, Category]
    ) -> Float64[np.ndarray, "lanes rows"]:
        """Return lanes with the numbers among these values in their places."""
        places = [place for place, lane in enumerate(self.lanes.tolist()) if lane not in categories]
        if not places:
            return values
        values = values.copy()
        values[self.lanes[places], self.rows[places]] = [self.values[place] for place in places]
        return values

    def values_of(self, lane: int) -> dict[int, Value]:
        """Return the values of one lane of categories, by row."""
        places = np.flatnonzero(self.lanes == lane)
        return {int(self.rows[place]): self.values[place] for place in places}  # type: ignore[misc]


def find_exact(
    records: pa.RecordBatch, names: tuple[str, ...], block: Block, inputs: RowInputs
) -> ExactValues:
    """Find the values that the network does not see as they are.

    Args:
        records: rows of the source.
        names: of the lanes.
        block: the same rows, as `read_block` returns them.
        inputs: what the network sees of them.
    """
    standardization = inputs.standardization
    with np.errstate(invalid="ignore", over="ignore"):
        reach = np.abs(block.values - standardization.center[:, None])
        is_far = reach > (standardization.clip_sigma * standardization.scale)[:, None]
    for lane in inputs.categories:
        is_far[lane] = block.values[lane] == UNKNOWN
    lanes, rows = np.nonzero(is_far)
    values: list[Value | float] = block.values[lanes, rows].tolist()
    for lane in set(lanes.tolist()) & set(inputs.categories):
        column = decoded(records.column(names[lane]))
        places = np.flatnonzero(lanes == lane)
        told = column.take(pa.array(rows[places])).to_pylist()
        for place, value in zip(places.tolist(), told, strict=True):
            values[place] = value
    return ExactValues(lanes, rows, tuple(values))


def pack_exact(exact: ExactValues, n_rows: int) -> pa.BinaryArray:
    """Return one binary value per row, null where there is nothing."""
    entries: dict[int, bytes] = {}
    triples = zip(exact.rows.tolist(), exact.lanes.tolist(), exact.values, strict=True)
    for row, lane, value in triples:
        text = _written(value)
        entries[row] = entries.get(row, b"") + _ENTRY.pack(lane, len(text)) + text
    if not entries:
        return pa.nulls(n_rows, pa.binary())
    return pa.array([entries.get(row) for row in range(n_rows)], pa.binary())


def unpack_exact(packed: pa.Array, n_lanes: int, categories: Mapping[int, Category]) -> ExactValues:
    """Invert `pack_exact`.

    Args:
        packed: as `pack_exact` made it, in any of Arrow's binary types.
        n_lanes: of the table.
        categories: by the number of their lane.

    Raises:
        ValueError: an entry is cut short, names no lane, or holds no value of its kind.
    """
    lanes, rows, values = [], [], []
    for row in np.flatnonzero(packed.is_valid().to_numpy(zero_copy_only=False)).tolist():
        for lane, content in _entries(packed[row].as_py()):
            if lane >= n_lanes:
                raise ValueError(f"exact value of lane {lane} of {n_lanes}")
            lanes.append(lane)
            rows.append(row)
            values.append(_category(content) if lane in categories else _number(content))
    return ExactValues(np.array(lanes, np.int64), np.array(rows, np.int64), tuple(values))


def _written(value: Value | float) -> bytes:
    if isinstance(value, float):
        return _NUMBER.pack(value)
    return json.dumps(value, ensure_ascii=False).encode()


def _entries(content: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(content):
        if start + _ENTRY.size > len(content):
            raise ValueError("exact values are cut short")
        lane, size = _ENTRY.unpack_from(content, start)
        start += _ENTRY.size
        if start + size > len(content):
            raise ValueError("exact values are cut short")
        yield lane, content[start : start + size]
        start += size


def _number(content: bytes) -> float:
    if len(content) != _NUMBER.size:
        raise ValueError(f"exact number of {len(content)} bytes")
    return float(_NUMBER.unpack(content)[0])


def _category(content: bytes) -> Value:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise ValueError("exact category is not JSON") from error
    if not isinstance(value, str | int):
        raise ValueError("exact category is neither text nor integer")
    return value
