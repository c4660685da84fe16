"""Exact values of a row as a few bytes, so that they travel with the row.

A row without exact values is null. Otherwise it is a run of entries, their lanes ascending: the
lane, uint16; the length of the value, uint32; the value. Strings are their bytes, booleans a byte 0
or 1, all else what Arrow stores. All little-endian. Rows may be filtered, sorted or split by other
tools and still decode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int64, UInt8
from pyarrow import types

from ae_pipeline.inputs.exact import ExactLane, ExactValues

EXACT_COLUMN = "ae:exact"
_HEADER = np.dtype([("lane", "<u2"), ("size", "<u4")])

#: Entries by field: row, lane, and where the value begins and ends in the bytes of all rows.
Entries = Int64[np.ndarray, "entries 4"]


def pack_exact(exact: ExactValues, n_rows: int) -> pa.BinaryArray:
    """Return one binary value per row, null where there is nothing."""
    if not len(exact):
        return pa.nulls(n_rows, pa.binary())
    entries = pa.concat_arrays([_entries_of(lane, one) for lane, one in _ascending(exact)])
    rows = np.concatenate([one.rows for _, one in _ascending(exact)])
    order = np.argsort(rows, kind="stable")
    entries = entries.take(pa.array(order))
    per_row = np.bincount(rows, minlength=n_rows)
    firsts = np.concatenate([[0], np.cumsum(per_row)])
    offsets = pa.py_buffer(np.ascontiguousarray(_offsets(entries)[firsts]))
    validity = pa.py_buffer(np.packbits(per_row > 0, bitorder="little"))
    return pa.Array.from_buffers(pa.binary(), n_rows, [validity, offsets, entries.buffers()[2]])


def unpack_exact(packed: pa.Array, kinds: Sequence[pa.DataType]) -> ExactValues:
    """Invert `pack_exact`.

    Args:
        packed: as `pack_exact` made it, or in another of Arrow's binary types, to which other tools
            convert it.
        kinds: of the lanes of the table.

    Raises:
        ValueError: an entry is cut short, names no lane, or holds no value of its type; or the
            column holds no bytes at all.
    """
    if packed.null_count == len(packed):
        return ExactValues()
    binary = _as_binary(packed).fill_null(b"")
    content = np.frombuffer(binary.buffers()[2] or b"", np.uint8)
    entries = _parse(content, _offsets(binary), len(kinds))
    if not len(entries):
        return ExactValues()
    values = _slices(binary.buffers()[2], entries)
    lanes = entries[:, 1]
    found = {}
    for lane in np.unique(lanes).tolist():
        places = np.flatnonzero(lanes == lane)
        chosen = _values_of(values.take(pa.array(places)), kinds[lane])
        found[lane] = ExactLane(entries[places, 0], chosen)
    return ExactValues(found)


def _ascending(exact: ExactValues) -> list[tuple[int, ExactLane]]:
    return sorted(exact.lanes.items())


def _entries_of(lane: int, one: ExactLane) -> pa.BinaryArray:
    """Return the entries of one lane: a header before each value."""
    values = _bytes_of(one.values)
    headers = np.zeros(len(values), _HEADER)
    headers["lane"], headers["size"] = lane, np.diff(_offsets(values))
    return pc.binary_join_element_wise(
        _fixed(pa.py_buffer(headers), len(values), _HEADER.itemsize), values, b""
    )


def _bytes_of(values: pa.Array) -> pa.BinaryArray:
    """Return values as bytes. Not by a cast, which refuses text that is not UTF-8."""
    kind = values.type
    if types.is_large_string(kind):
        return values.view(pa.large_binary()).cast(pa.binary())
    if types.is_string(kind):
        return values.view(pa.binary())
    whole = pa.concat_arrays([values.cast(pa.uint8()) if types.is_boolean(kind) else values])
    width = whole.type.bit_width // 8
    return _fixed(whole.buffers()[1].slice(whole.offset * width), len(whole), width)


def _values_of(content: pa.BinaryArray, kind: pa.DataType) -> pa.Array:
    """Invert `_bytes_of`; `ValueError` if the bytes are no values of this type."""
    if types.is_large_string(kind):
        return content.cast(pa.large_binary()).view(kind)
    if types.is_string(kind):
        return content.view(kind)
    stored = pa.uint8() if types.is_boolean(kind) else kind
    offsets, width = _offsets(content), stored.bit_width // 8
    if (np.diff(offsets) != width).any():
        raise ValueError(f"an exact value of {kind} is not {width} bytes")
    buffers = [None, content.buffers()[2].slice(int(offsets[0]))]
    values = pa.Array.from_buffers(stored, len(content), buffers)
    if types.is_boolean(kind) and pc.max(values).as_py() > 1:
        raise ValueError("an exact boolean is neither 0 nor 1")
    try:
        values.validate(full=True)
    except pa.ArrowInvalid as error:
        raise ValueError(f"an exact value of {kind} is none: {error}") from error
    return values.cast(kind)


def _fixed(buffer: pa.Buffer, n_values: int, width: int) -> pa.BinaryArray:
    """Return values of one width, which lie one behind the other, as binary."""
    offsets = pa.py_buffer(np.arange(n_values + 1, dtype=np.int32) * np.int32(width))
    return pa.Array.from_buffers(pa.binary(), n_values, [None, offsets, buffer])


def _offsets(binary: pa.BinaryArray) -> np.ndarray:
    """Return where each value begins, and where the last one ends: int32."""
    return np.frombuffer(binary.buffers()[1], np.int32)[binary.offset :][: len(binary) + 1]


def _parse(content: UInt8[np.ndarray, "bytes"], offsets: np.ndarray, n_lanes: int) -> Entries:
    """Find all entries, first those that come first in their rows; sorted by place at the end."""
    rows = np.flatnonzero(np.diff(offsets))
    starts, ends = offsets[rows].astype(np.int64), offsets[rows + 1].astype(np.int64)
    lanes, found = np.full(len(rows), -1), [np.zeros((0, 4), np.int64)]
    while len(rows):
        former = lanes
        lanes, sizes = _headers(content, starts, ends)
        begins = starts + _HEADER.itemsize
        starts = begins + sizes
        if (starts > ends).any():
            raise ValueError("exact values are cut short")
        if (lanes <= former).any() or lanes.max() >= n_lanes:
            raise ValueError(f"exact values are not of ascending lanes below {n_lanes}")
        found.append(np.stack([rows, lanes, begins, starts], axis=1))
        is_left = starts < ends
        rows, lanes, starts, ends = (one[is_left] for one in (rows, lanes, starts, ends))
    entries = np.concatenate(found)
    return entries[np.argsort(entries[:, 2], kind="stable")]


def _headers(
    content: UInt8[np.ndarray, "bytes"],
    starts: Int64[np.ndarray, "entries"],
    ends: Int64[np.ndarray, "entries"],
) -> tuple[Int64[np.ndarray, "entries"], Int64[np.ndarray, "entries"]]:
    """Read lanes and sizes."""
    if (starts + _HEADER.itemsize > ends).any():
        raise ValueError("exact values are cut short")
    places = starts[:, None] + np.arange(_HEADER.itemsize)
    headers = content[places].reshape(-1).view(_HEADER)
    return headers["lane"].astype(np.int64), headers["size"].astype(np.int64)


def _slices(buffer: pa.Buffer, entries: Entries) -> pa.BinaryArray:
    """Return the value of each entry, without a copy of what lies between them."""
    bounds = pa.py_buffer(np.ascontiguousarray(entries[:, 2:].reshape(-1), np.int32))
    n_parts = 2 * len(entries) - 1
    parts = pa.Array.from_buffers(pa.binary(), n_parts, [None, bounds, buffer])
    return parts.take(pa.array(np.arange(0, n_parts, 2)))


def _as_binary(packed: pa.Array) -> pa.BinaryArray:
    """Return the column with 32-bit offsets."""
    try:
        return packed.cast(pa.binary())
    except pa.ArrowException as error:
        raise ValueError(f"exact values are {packed.type}, not binary") from error
