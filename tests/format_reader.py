"""A reader of archives that knows `docs/format.md` alone: no line of the package is used."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pcodec import standalone


def read_fragment(archive: Path, relative: str) -> dict[str, pa.Array]:
    """Feature columns of a fragment with one row group or several."""
    file = pq.ParquetFile(archive / relative)
    footer = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}
    folder = archive / "_ae/codecs" / footer["ae:codec_id"]
    codec = json.loads((folder / "codec.json").read_text())
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(codec["schema"])))
    decoder = _safetensors(folder / "decoder.safetensors") if codec["network"] else {}
    parts = []
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=["ae:block"])["ae:block"]
        parts.append(_block(column[0].as_py(), codec, schema, decoder))
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


def _block(content: bytes, codec: dict, schema: pa.Schema, decoder: dict) -> dict[str, pa.Array]:
    assert zlib.crc32(content[4:]) == struct.unpack("<I", content[:4])[0]
    position = 4

    def byte() -> int:
        nonlocal position
        position += 1
        return content[position - 1]

    def varint() -> int:
        value = shift = 0
        while (got := byte()) >= 128:
            value |= (got & 127) << shift
            shift += 7
        return value | got << shift

    has_codes, n_rows = byte() & 1, varint()
    n_codes = decoder["hidden_weights"].shape[0] if has_codes else 0
    code_sizes = [varint() for _ in range(n_codes)]
    layouts = []
    for _ in codec["features"]:
        tag = byte()
        wanted = ["main"] + ["validity"] * bool(tag & 16) + ["positions", "values"] * bool(tag & 32)
        layouts.append((tag & 15, {name: varint() for name in wanted}))

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        return content[position - size : position]

    codes = [_integers(take(size), n_rows) for size in code_sizes]
    predictions = _predict(np.array(codes, float).T, decoder) if codes else None
    seen = np.flatnonzero(codec["network"]["scale"]).tolist() if codec["network"] else []
    columns = {}
    for number, (feature, (method, sizes)) in enumerate(
        zip(codec["features"], layouts, strict=True)
    ):
        streams = {name: take(size) for name, size in sizes.items()}
        prediction = predictions[:, seen.index(number)] if method == 1 else None
        kind = schema.field(feature["name"]).type
        columns[feature["name"]] = _column(streams, method, n_rows, feature, kind, prediction)
    return columns


def _column(streams, method, n_rows, feature, kind, prediction) -> pa.Array:
    dtype = np.dtype(kind.to_pandas_dtype())
    is_valid = _validity(streams.get("validity", b""), n_rows)
    m = int(is_valid.sum())
    if method == 2:
        values = _numbers(streams["main"], m, dtype)
    else:
        units = _integers(streams["main"], m).astype(float)
        units += 0 if prediction is None else prediction[is_valid]
        exact = units * (2 * feature["tolerance"]) + feature["offset"]
        limit = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        exact = exact if dtype.kind == "f" else np.rint(exact)
        values = np.clip(exact, float(limit.min), float(limit.max)).astype(dtype)
    if "positions" in streams:
        positions = _positions(streams["positions"])
        values[positions] = _numbers(streams["values"], len(positions), dtype)
    full = np.zeros(n_rows, dtype)
    full[is_valid] = values
    return pa.array(full, type=kind, mask=~is_valid)


def _predict(c: np.ndarray, d: dict[str, np.ndarray]) -> np.ndarray:
    a = (c @ d["hidden_weights"]) * 2.0 ** -d["hidden_shift"].astype(float) + d["hidden_bias"]
    g = np.clip(np.rint(a * 64), 0, 255)
    p = (g @ d["output_weights"]) * 2.0 ** -d["output_shift"].astype(float) / 64
    return p + (c @ d["skip_weights"]) * 2.0 ** -d["skip_shift"].astype(float) + d["output_bias"]


def _integers(content: bytes, n: int) -> np.ndarray:
    if n == 0:
        return np.zeros(0, np.int64)
    if content[0] == 0:
        return np.full(n, int.from_bytes(content[1:], "little", signed=True))
    return _pcodec(content[1:], n, {1: "<i2", 2: "<i4", 3: "<i8"}[content[0]]).astype(np.int64)


def _numbers(content: bytes, n: int, dtype: np.dtype) -> np.ndarray:
    if n == 0:
        return np.zeros(0, dtype)
    if content[0] == 0:
        return np.repeat(np.frombuffer(content[1:], dtype), n)
    return _pcodec(content[1:], n, dtype)


def _pcodec(content: bytes, n: int, dtype: str | np.dtype) -> np.ndarray:
    values = np.empty(n, dtype)
    standalone.simple_decompress_into(content, values)
    return values


def _validity(content: bytes, n_rows: int) -> np.ndarray:
    is_valid = np.ones(n_rows, bool)
    if content and content[0] == 1:
        is_valid[_positions(content[1:])] = False
    elif content:
        bits = pa.CompressedInputStream(pa.py_buffer(content[1:]), "zstd").read()
        is_valid = np.unpackbits(np.frombuffer(bits, np.uint8), count=n_rows).astype(bool)
    return is_valid


def _positions(content: bytes) -> np.ndarray:
    (count,) = struct.unpack("<I", content[:4])
    return np.cumsum(_integers(content[4:], count)) - 1


def _safetensors(path: Path) -> dict[str, np.ndarray]:
    content = path.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header, body = json.loads(content[8 : 8 + size]), content[8 + size :]
    kinds = {"I8": "i1", "I16": "<i2", "F32": "<f4"}
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }
