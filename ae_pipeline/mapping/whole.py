"""Any column as bytes and back, bit for bit: what every mapping falls back to.

A packed column is a tag, the validity with its length, and a body as the type asks for: numbers by
pcodec, decimals as integers, texts as lengths and bytes, anything else as an Arrow stream. What
null slots hold is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from pyarrow import types

from ae_pipeline.coding.entropy import pack_integers, pack_numbers, unpack_integers, unpack_numbers
from ae_pipeline.coding.row_sets import pack_validity, unpack_validity
from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.mapping.frames import pack_frame, unpack_frame
from ae_pipeline.mapping.raw import from_raw, raw_kind, to_raw, validity, with_nulls
from ae_pipeline.mapping.scalar.scales import DecimalScale

_STREAM, _NULL, _BOOLEAN, _NUMBER, _FLOAT, _FIXED, _TEXT = range(7)
#: Floats that are decimals of a few places are packed as integers, after the number of places.
_MOST_PLACES, _NO_DECIMALS = 9, 255
#: Other floats are found out by their first.
_FIRST_VALUES = 256


def pack_whole(array: pa.Array) -> bytes:
    """Pack a column of any type."""
    if isinstance(array, pa.ExtensionArray):
        return pack_whole(array.storage)
    tag = _tag(array.type)
    if tag == _STREAM:
        return bytes([tag]) + _pack_stream(array)
    if tag == _NULL:
        return bytes([tag])
    present = array.drop_null() if array.null_count else array
    return bytes([tag]) + prefixed([pack_validity(validity(array))]) + _PACK[tag](present)


def unpack_whole(content: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    """Invert `pack_whole`.

    Raises:
        ValueError: the content is not a column of this type with `n_rows` rows.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return kind.wrap_array(unpack_whole(content, kind.storage_type, n_rows))
    reader = Reader(content)
    tag = _tag(kind)
    if reader.byte() != tag:
        raise ValueError(f"not a packed column of type {kind}")
    if tag == _STREAM:
        return _unpack_stream(content[1:], kind, n_rows)
    if tag == _NULL:
        return pa.nulls(n_rows)
    is_valid = unpack_validity(reader.take_prefixed(1)[0], n_rows)
    body = content[reader.position :]
    return with_nulls(_UNPACK[tag](body, kind, int(is_valid.sum())), is_valid)


def _tag(kind: pa.DataType) -> int:
    """Return how columns of a type are packed."""
    if _is_fixed(kind):
        return _NUMBER if kind.bit_width in {8, 16, 32, 64} else _FIXED
    return next((tag for is_such, tag in _TAGS if is_such(kind)), _STREAM)


def _is_fixed(kind: pa.DataType) -> bool:
    if types.is_boolean(kind) or types.is_floating(kind) or types.is_dictionary(kind):
        return False
    is_bytes = types.is_fixed_size_binary(kind) or types.is_decimal(kind)
    return is_bytes or types.is_primitive(kind) or types.is_interval(kind)


def _is_small_text(kind: pa.DataType) -> bool:
    return types.is_string(kind) or types.is_binary(kind)


def _is_large_text(kind: pa.DataType) -> bool:
    return types.is_large_string(kind) or types.is_large_binary(kind)


def _pack_boolean(present: pa.Array) -> bytes:
    return pack_validity(present.to_numpy(zero_copy_only=False))


def _unpack_boolean(body: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    return pa.array(unpack_validity(body, n_rows), kind)


def _pack_number(present: pa.Array) -> bytes:
    return pack_numbers(to_raw(present))


def _unpack_number(body: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    return from_raw(unpack_numbers(body, n_rows, raw_kind(kind)), kind)


def _pack_float(present: pa.Array) -> bytes:
    raw = to_raw(present)
    values = raw.view(f"<f{raw.itemsize}")
    packed = bytes([_NO_DECIMALS]) + pack_numbers(values)
    for places in range(_MOST_PLACES + 1):
        scale = DecimalScale(places, "divide")
        if _is_on(scale, raw[:_FIRST_VALUES]) and _is_on(scale, raw):
            return min(bytes([places]) + pack_integers(scale.nearest(values)), packed, key=len)
    return packed


def _unpack_float(body: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    raw = raw_kind(kind)
    places, floats = Reader(body).byte(), np.dtype(f"<f{raw.itemsize}")
    if places == _NO_DECIMALS:
        values = unpack_numbers(body[1:], n_rows, floats)
    elif places <= _MOST_PLACES:
        values = DecimalScale(places, "divide").value_of(unpack_integers(body[1:], n_rows), floats)
    else:
        raise ValueError(f"{places} decimal places")
    return from_raw(values.view(raw), kind)


def _is_on(scale: DecimalScale, raw: np.ndarray) -> bool:
    """Whether all floats are such decimals, bit for bit."""
    values = raw.view(f"<f{raw.itemsize}")
    return bool((scale.value_of(scale.nearest(values), values.dtype).view(raw.dtype) == raw).all())


def _pack_fixed(present: pa.Array) -> bytes:
    width = present.type.bit_width // 8
    start, buffer = present.offset * width, present.buffers()[1]
    # One byte of all values after the other: high bytes hardly differ.
    content = buffer[start : start + len(present) * width] if len(present) and width else b""
    columns = np.frombuffer(content, np.uint8).reshape(len(present), width)
    return pack_frame(columns.T.tobytes())


def _unpack_fixed(body: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    width = kind.bit_width // 8
    columns = np.frombuffer(unpack_frame(body, n_rows * width), np.uint8).reshape(width, n_rows)
    buffer = pa.py_buffer(columns.T.tobytes())
    return pa.Array.from_buffers(kind, n_rows, [None, buffer], null_count=0)


def _pack_text(present: pa.Array) -> bytes:
    starts = _starts(present)
    lengths = pack_integers(np.diff(starts))
    content = present.buffers()[2]
    if content is None:
        return prefixed([lengths]) + pack_frame(b"")
    return prefixed([lengths]) + pack_frame(content[starts[0] : starts[-1]].to_pybytes())


def _unpack_text(body: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    reader = Reader(body)
    lengths = unpack_integers(reader.take_prefixed(1)[0], n_rows)
    starts = _starts_of(lengths)
    content = unpack_frame(body[reader.position :], int(starts[-1]))
    if starts[-1] > np.iinfo(_start_kind(kind)).max:
        raise ValueError(f"{starts[-1]} bytes do not fit {kind}")
    buffers = [None, pa.py_buffer(starts.astype(_start_kind(kind))), pa.py_buffer(content)]
    return _validated(pa.Array.from_buffers(kind, n_rows, buffers, null_count=0))


def _starts(present: pa.Array) -> np.ndarray:
    kind = _start_kind(present.type)
    buffer = present.buffers()[1]
    if buffer is None or not len(present):
        return np.zeros(1, np.int64)
    starts = np.frombuffer(buffer, kind, len(present) + 1, present.offset * kind.itemsize)
    return starts.astype(np.int64)


def _starts_of(lengths: np.ndarray) -> np.ndarray:
    """Sum lengths up; ValueError if some are negative or their sum leaves 64 bits."""
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    if len(lengths) and (lengths.min() < 0 or starts.min() < 0 or lengths.max() > 1 << 40):
        raise ValueError("lengths of texts are damaged")
    return starts


def _start_kind(kind: pa.DataType) -> np.dtype[np.int32] | np.dtype[np.int64]:
    return np.dtype(np.int32) if _is_small_text(kind) else np.dtype(np.int64)


def _validated(array: pa.Array) -> pa.Array:
    try:
        array.validate(full=True)
    except pa.ArrowException as error:
        raise ValueError(f"damaged column: {error}") from error
    return array


def _pack_stream(array: pa.Array) -> bytes:
    sink = pa.BufferOutputStream()
    batch = pa.record_batch([array], names=[""])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    content = sink.getvalue().to_pybytes()
    return varint(len(content)) + pack_frame(content)


def _unpack_stream(content: bytes, kind: pa.DataType, n_rows: int) -> pa.Array:
    reader = Reader(content)
    n_bytes = reader.varint()
    stream = unpack_frame(content[reader.position :], n_bytes)
    try:
        (batch,) = pa.ipc.open_stream(stream)
        (array,) = batch.columns
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ValueError(f"not an Arrow stream of one column: {error}") from error
    if array.type != kind or len(array) != n_rows:
        raise ValueError(f"column of {len(array)} {array.type}, expected {n_rows} {kind}")
    return _validated(array)


_TAGS: tuple[tuple[Callable[[pa.DataType], bool], int], ...] = (
    (types.is_null, _NULL),
    (types.is_boolean, _BOOLEAN),
    (types.is_floating, _FLOAT),
    (_is_small_text, _TEXT),
    (_is_large_text, _TEXT),
)
_PACK: dict[int, Callable[[pa.Array], bytes]] = {
    _BOOLEAN: _pack_boolean,
    _NUMBER: _pack_number,
    _FLOAT: _pack_float,
    _FIXED: _pack_fixed,
    _TEXT: _pack_text,
}
_UNPACK: dict[int, Callable[[bytes, pa.DataType, int], pa.Array]] = {
    _BOOLEAN: _unpack_boolean,
    _NUMBER: _unpack_number,
    _FLOAT: _unpack_float,
    _FIXED: _unpack_fixed,
    _TEXT: _unpack_text,
}
