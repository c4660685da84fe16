"""Read a fragment of features: its feature columns (sections 1.1, 1.2 and 2.1)."""

from __future__ import annotations

import base64
import struct
from decimal import Decimal
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors.numpy

from tests.support.format_reader.codec_json import read_codec_json

_REASONS = {2: np.nan, 3: np.inf, 4: -np.inf}


def read_features(dataset: Path, relative: str) -> dict[str, list[Any]]:
    """Values of every feature column; times as integers, vectors as lists."""
    file = pq.ParquetFile(dataset / relative)
    codec_id = file.metadata.metadata[b"ae:codec_id"].decode()
    latent_column = file.metadata.metadata[b"ae:latent_column"].decode()
    metadata = file.schema_arrow.field(latent_column).metadata or {}
    step = float(metadata.get(b"ae:scale", b"1"))
    codec = read_codec_json(dataset / "_ae/codecs" / codec_id)
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(codec["schema"])))
    weights = safetensors.numpy.load_file(dataset / "_ae/codecs" / codec_id / "weights.safetensors")
    stored = file.read().to_pylist()
    kinds = [_lane_kind(schema.field(one["name"]).type) for one in codec["features"]]
    found: dict[str, list[Any]] = {one["name"]: [] for one in codec["features"]}
    for row in stored:
        outputs = _decode(codec, weights, np.array(row[latent_column]) * step)
        lanes = _lanes(codec, kinds, outputs)
        _put_missing(lanes, row["ae:missing"] or b"")
        lane_kinds = [k for k, one in zip(kinds, codec["features"], strict=True) for _ in _of(one)]
        _put_exact(lanes, lane_kinds, row.get("ae:exact") or b"")
        start = 0
        for one in codec["features"]:
            own = lanes[start : start + len(_of(one))]
            start += len(own)
            is_null = all(value is None for value in own)
            is_vector = isinstance(one["center"], list)
            found[one["name"]].append((None if is_null else own) if is_vector else own[0])
    return found


def to_column(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Values that `read_features` found, as a column of their type."""
    if pa.types.is_decimal(kind):
        return pa.array([v if v is None else Decimal(v).scaleb(-kind.scale) for v in values], kind)
    if pa.types.is_temporal(kind):
        return pa.array(values, pa.int64() if kind.bit_width == 64 else pa.int32()).cast(kind)
    if kind == pa.float16():
        values = [None if value is None else np.float16(value) for value in values]
    return pa.array(values, kind)


def _of(feature: dict[str, Any]) -> list[Any]:
    """The centres of a column's lanes."""
    return feature["center"] if isinstance(feature["center"], list) else [feature["center"]]


def _lane_kind(kind: pa.DataType) -> pa.DataType:
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    if pa.types.is_dictionary(kind) or pa.types.is_fixed_size_list(kind):
        return kind.value_type
    return kind


def _decode(
    codec: dict[str, Any], weights: dict[str, np.ndarray], latent: np.ndarray
) -> np.ndarray:
    """The decoder's outputs for one row; only ReLU is needed here."""
    assert codec["architecture"]["activation"] == "relu"
    latent = latent.astype(np.float32)
    hidden, n_layers = latent, len(codec["architecture"]["decoder_hidden"]) + 1
    for layer in range(n_layers):
        hidden = hidden @ weights[f"decoder/{layer}/kernel"] + weights[f"decoder/{layer}/bias"]
        hidden = np.maximum(hidden, 0) if layer < n_layers - 1 else hidden
    return hidden + latent @ weights["decoder/skip/kernel"]


def _lanes(codec: dict[str, Any], kinds: list[pa.DataType], outputs: np.ndarray) -> list[Any]:
    n_categories = sum(len(one.get("shares", ())) for one in codec["features"])
    number, category = 0, len(outputs) - n_categories
    lanes: list[Any] = []
    for one, kind in zip(codec["features"], kinds, strict=True):
        if "values" in one:
            n_values, n_places = len(one["values"]), len(one["shares"])
            logits = outputs[category : category + n_values]
            lanes.append(one["values"][int(np.argmax(logits))] if n_values else None)
            category += n_places
            continue
        scales = one["scale"] if isinstance(one["scale"], list) else [one["scale"]]
        for center, scale in zip(_of(one), scales, strict=True):
            value = center
            if scale:
                value, number = center + scale * float(outputs[number]), number + 1
            lanes.append(None if value is None else _cast(value, kind))
    return lanes


def _cast(value: float, kind: pa.DataType) -> Any:
    """A number in the type of its lane, a decimal as units of its last digit."""
    if pa.types.is_decimal(kind):
        most = 10**kind.precision - 1
        return int(np.clip(np.rint(value * 10.0**kind.scale), -most, most))
    if pa.types.is_floating(kind):
        return float(np.float64(value).astype(kind.to_pandas_dtype()))
    if pa.types.is_time(kind):
        day = {"s": 86_400, "ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}
        return int(np.clip(np.rint(value), 0, day[kind.unit] - 1))
    bits = kind.bit_width
    is_signed = not str(kind).startswith("uint")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    return int(min(max(round(value), low), high))


def _put_missing(lanes: list[Any], entries: bytes) -> None:
    for (entry,) in struct.iter_unpack("<H", entries):
        lane, reason = divmod(entry, 4)
        lanes[lane] = _REASONS.get(reason + 1)


def _put_exact(lanes: list[Any], kinds: list[pa.DataType], entries: bytes) -> None:
    start, former = 0, -1
    while start < len(entries):
        lane, size = struct.unpack_from("<HI", entries, start)
        assert lane > former
        content, kind = entries[start + 6 : start + 6 + size], kinds[lane]
        start, former = start + 6 + size, lane
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            lanes[lane] = content.decode()
        elif pa.types.is_boolean(kind):
            lanes[lane] = content != b"\0"
        elif pa.types.is_floating(kind):
            lanes[lane] = float(np.frombuffer(content, kind.to_pandas_dtype())[0])
        else:
            lanes[lane] = int.from_bytes(content, "little", signed=not str(kind).startswith("uint"))
