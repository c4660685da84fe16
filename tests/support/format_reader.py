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
from pcodec import standalone, wrapped


def read_fragment(archive: Path, relative: str) -> dict[str, pa.Array]:
    """Feature columns of a fragment with one row group or several."""
    file = pq.ParquetFile(archive / relative)
    footer = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}
    folder = archive / "_ae/codecs" / footer["ae:codec_id"]
    codec = json.loads((folder / "codec.json").read_text())
    codec["kinds"] = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(codec["schema"])))
    codec["arrays"] = {name: _arrays(folder, codec, name) for name in ("predictor", "decoder")}
    parts = []
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=["ae:block"])["ae:block"]
        if len(column):
            parts.append(_block(column[0].as_py(), codec))
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


def read_schema(dataset: Path, relative: str) -> pa.Schema:
    """The source schema of a fragment, its own or its codec's."""
    metadata = pq.ParquetFile(dataset / relative).metadata.metadata
    footer = {key.decode(): value.decode() for key, value in metadata.items()}
    codec = json.loads((dataset / "_ae/codecs" / footer["ae:codec_id"] / "codec.json").read_text())
    message = base64.b64decode(codec["schema"])
    if "ae:schema_delta" in footer:
        stream = zlib.decompressobj(zdict=message[-32768:])
        message = stream.decompress(base64.b64decode(footer["ae:schema_delta"]), 1 << 24)
        assert stream.eof
    elif "ae:source_schema" in footer:
        message = base64.b64decode(footer["ae:source_schema"])
    return pa.ipc.read_schema(pa.py_buffer(message))


class _Bytes:
    """Bytes taken one after the other."""

    def __init__(self, content: bytes, position: int = 0) -> None:
        self.content, self.position = content, position

    def take(self, size: int) -> bytes:
        self.position += size
        return self.content[self.position - size : self.position]

    def varint(self) -> int:
        value = shift = 0
        while (got := self.take(1)[0]) >= 128:
            value |= (got & 127) << shift
            shift += 7
        return value | got << shift


def _arrays(folder: Path, codec: dict, name: str) -> dict[str, np.ndarray]:
    network, f = codec["network"], len(codec["features"])
    if name == "predictor" and codec["predictor"]:
        t = codec["predictor"]["n_terms"]
        shapes = {"order": f, "follows": f, "counts": f, "sources": t, "weights": t}
        shapes |= {"shifts": f, "biases": f}
    elif name == "decoder" and network:
        k, (h,) = network["architecture"]["latent_dim"], network["architecture"]["decoder_hidden"]
        outputs = network["architecture"]["n_inputs"]
        shapes = {"hidden_weights": (k, h), "hidden_shift": h, "hidden_bias": h}
        shapes |= {"output_weights": (h, outputs), "output_shift": outputs}
        shapes |= {"skip_weights": (k, outputs), "skip_shift": outputs, "output_bias": outputs}
    else:
        return {}
    content, arrays = _Bytes((folder / f"{name}.bin").read_bytes()), {}
    for array, shape in shapes.items():
        stream, n = content.take(content.varint()), int(np.prod(shape))
        is_float = array.endswith("_bias")
        flat = _numbers(stream, n, np.dtype("<f4")) if is_float else _integers(stream, n)
        arrays[array] = flat.reshape(shape)
    return arrays


def _block(content: bytes, codec: dict) -> dict[str, pa.Array]:
    assert zlib.crc32(content[4:]) == struct.unpack("<I", content[:4])[0]
    taken = _Bytes(content, 4)
    has_codes, n_rows = taken.take(1)[0] & 1, taken.varint()
    decoder, predictor = codec["arrays"]["decoder"], codec["arrays"]["predictor"]
    n_codes = decoder["hidden_weights"].shape[0] if has_codes else 0
    code_sizes = [taken.varint() for _ in range(n_codes)]
    layouts = []
    for _ in codec["features"]:
        tag = taken.take(1)[0]
        wanted = ["main"] + ["validity"] * bool(tag & 16) + ["positions", "values"] * bool(tag & 32)
        layouts.append((tag & 15, {name: taken.varint() for name in wanted}))
    window = codec["network"]["window"] if codec["network"] else 1
    codes = [_integers(taken.take(size), -(-n_rows // window)) for size in code_sizes]
    predictions = {}
    if codes:
        seen = np.flatnonzero(codec["network"]["scale"]).tolist()
        wide = _predict(np.array(codes, float).T, decoder)
        rows = wide.reshape(-1, len(seen))[:n_rows]
        predictions = {number: rows[:, place] for place, number in enumerate(seen)}
    streams = [(method, {k: taken.take(n) for k, n in sizes.items()}) for method, sizes in layouts]
    numbers = range(len(streams))
    cells = np.zeros((len(streams), n_rows))
    columns = {}
    for number in predictor["order"].tolist() if predictor else numbers:
        base = _base(predictor, number, cells) if predictor else None
        column = _Column(codec, number, n_rows, predictions.get(number), base)
        columns[number], cells[number] = column.read(*streams[number])
    names = [feature["name"] for feature in codec["features"]]
    return {names[number]: columns[number] for number in numbers}


def _base(predictor: dict[str, np.ndarray], number: int, cells: np.ndarray) -> np.ndarray:
    """Before it is rounded."""
    stop = int(predictor["counts"][: number + 1].sum())
    total = np.full(cells.shape[1], float(predictor["biases"][number]))
    for term in range(stop - int(predictor["counts"][number]), stop):
        feature, lag = divmod(int(predictor["sources"][term]), 2)
        row = np.concatenate([cells[feature, :1], cells[feature, :-1]]) if lag else cells[feature]
        total += predictor["weights"][term] * row
    return total * 2.0 ** -float(predictor["shifts"][number])


class _Column:
    """One column of a block."""

    def __init__(self, codec: dict, number: int, n_rows: int, prediction, base) -> None:
        self.feature = codec["features"][number]
        self.kind = codec["kinds"].field(self.feature["name"]).type
        self.dtype = np.dtype(self.kind.to_pandas_dtype())
        self.n_rows, self.prediction, self.base = n_rows, prediction, base
        predictor = codec["arrays"]["predictor"]
        self.follows = bool(predictor and predictor["follows"][number])

    def read(self, method: int, streams: dict[str, bytes]) -> tuple[pa.Array, np.ndarray]:
        """The column, and its cells in all rows."""
        is_valid = _validity(streams.get("validity", b""), self.n_rows)
        values, cells = self._values(method, streams["main"], is_valid)
        if "positions" in streams:
            positions = _positions(streams["positions"])
            values[positions] = _numbers(streams["values"], len(positions), self.dtype)
        full = np.zeros(self.n_rows, self.dtype)
        full[is_valid] = values
        spread = np.zeros(self.n_rows)
        if len(cells):
            spread = cells[np.maximum(np.cumsum(is_valid) - 1, 0)].astype(float)
        array = pa.array(full, type=self.kind, mask=~is_valid)
        return array, np.clip(spread, -(2**24), 2**24)

    def _values(self, method: int, main: bytes, is_valid: np.ndarray):
        m = int(is_valid.sum())
        if method == 2:
            values = _numbers(main, m, self.dtype)
            return values, self._cells_of(values)
        if method == 4:
            units = _classes(main, np.rint(8 * self.base[is_valid]))
        elif method == 5:
            hint = np.nan_to_num(np.rint(8 * self.prediction[is_valid]))
            units = _classes(main, np.clip(hint, -(2**53), 2**53))
        else:
            units = _integers(main, m)
        if method == 3:
            units = units + np.rint(self.base[is_valid]).astype(np.int64)
            units = np.cumsum(units) if self.follows else units
        units = units.astype(float) + (self.prediction[is_valid] if method in (1, 5) else 0)
        exact = _values_of(units, self.feature)
        is_float = self.dtype.kind == "f"
        limit = np.finfo(self.dtype) if is_float else np.iinfo(self.dtype)
        exact = exact if is_float else np.rint(exact)
        highest = float(limit.max)  # of 64-bit integers, that is one too many
        highest = highest if int(highest) <= int(limit.max) else np.nextafter(highest, 0)
        return np.clip(exact, float(limit.min), highest).astype(self.dtype), np.rint(units)

    def _cells_of(self, values: np.ndarray) -> np.ndarray:
        cells = np.zeros(len(values))
        if not self.feature["tolerance"] and "grid" not in self.feature:
            return cells
        last = 0.0
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            doubles = values.astype(float).tolist()
        for row, value in enumerate(doubles):
            unit = _unit_of(value, self.feature)
            last = np.rint(unit) if abs(unit) < 2**51 else last
            cells[row] = last
        return cells


def _values_of(units: np.ndarray, feature: dict) -> np.ndarray:
    """Section 4.1, grids."""
    grid, offset = feature.get("grid"), feature["offset"]
    if grid is None:
        return units * (2 * feature["tolerance"]) + offset
    if grid["kind"] == "decimal":
        k = grid["places"]
        ten = float(f"1e{abs(k)}")
        origin = np.rint(offset * ten) if k >= 0 else np.rint(offset / ten)
        whole = np.rint(units + origin)
        return whole / ten if k >= 0 else whole * ten
    return np.array([_floating_value(int(unit), grid) for unit in np.rint(units)])


def _floating_value(unit: int, grid: dict) -> float:
    if unit == 0:
        return 0.0
    base, s = (2 if grid["kind"] == "relative" else 10), grid["significand"]
    q, rest = divmod(abs(unit) - 1, (base - 1) * s)
    e, m, sign = q + grid["exponent"], float(rest + s), np.sign(unit)
    if base == 2:
        return sign * np.ldexp(m / s, e)
    power = e - grid["digits"] + 1
    return sign * (m * float(f"1e{power}") if power >= 0 else m / float(f"1e{-power}"))


def _unit_of(value: float, feature: dict) -> float:
    """Section 4.3."""
    grid, offset = feature.get("grid"), feature["offset"]
    if grid is None:
        return (value - offset) / (2 * feature["tolerance"])
    if grid["kind"] == "decimal":
        k = grid["places"]
        ten = float(f"1e{abs(k)}")
        if k >= 0:
            return value * ten - np.rint(offset * ten)
        return value / ten - np.rint(offset / ten)
    if value == 0 or not np.isfinite(value):
        return value
    s, e0 = grid["significand"], grid["exponent"]
    if grid["kind"] == "relative":
        fraction, exponent = np.frexp(abs(value))
        e, m, base = int(exponent) - 1, fraction * 2 * s, 2
    else:
        e, base = int(np.floor(np.log10(abs(value)))) + 1, 10
        while float(f"1e{e}") > abs(value):
            e -= 1
        power = e - grid["digits"] + 1
        ten = float(f"1e{abs(power)}")
        m = abs(value) / ten if power >= 0 else abs(value) * ten
    if e < e0:
        return np.nan
    return np.sign(value) * ((e - e0) * (base - 1) * s + (m - s) + 1)


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
    return _pcodec(content, n, {1: "<i2", 2: "<i4", 3: "<i8"}[content[0] & 7]).astype(np.int64)


def _classes(content: bytes, hint: np.ndarray) -> np.ndarray:
    taken = _Bytes(content)
    n_thresholds, first = taken.varint(), taken.varint()
    thresholds = [-(first + 1) // 2 if first % 2 else first // 2]
    for _ in range(n_thresholds - 1):
        thresholds.append(thresholds[-1] + taken.varint())
    sizes = [taken.varint() for _ in range(n_thresholds + 1)]
    classes = (hint[:, None] > np.array(thresholds)).sum(axis=1)
    values = np.zeros(len(hint), np.int64)
    for number, size in enumerate(sizes):
        values[classes == number] = _integers(taken.take(size), int((classes == number).sum()))
    return values


def _numbers(content: bytes, n: int, dtype: np.dtype) -> np.ndarray:
    if n == 0:
        return np.zeros(0, dtype)
    if content[0] == 0:
        return np.repeat(np.frombuffer(content[1:], dtype), n)
    return _pcodec(content, n, np.dtype(dtype))


def _pcodec(content: bytes, n: int, dtype: str | np.dtype) -> np.ndarray:
    tag, content, values = content[0], content[1:], np.empty(n, dtype)
    if not tag & 8:
        standalone.simple_decompress_into(content, values)
        return values
    file, size = wrapped.FileDecompressor.new(content)
    kind = f"{values.dtype.kind}{8 * values.dtype.itemsize}"
    chunk, more = file.chunk_decompressor(content[size:], kind)
    chunk.read_page_into(content[size + more :], n, values)
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
