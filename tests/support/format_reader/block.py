"""One block: streams taken apart, predictions, and columns in the order of the predictor."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pyarrow as pa

from tests.support.format_reader.column import Column
from tests.support.format_reader.streams import Bytes, read_integers


def read_block(content: bytes, codec: dict) -> dict[str, pa.Array]:
    """Every feature column of a block."""
    assert zlib.crc32(content[4:]) == struct.unpack("<I", content[:4])[0]
    taken = Bytes(content, 4)
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
    codes = [read_integers(taken.take(size), -(-n_rows // window)) for size in code_sizes]
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
        column = Column(codec, number, n_rows, predictions.get(number), base)
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


def _predict(c: np.ndarray, d: dict[str, np.ndarray]) -> np.ndarray:
    a = (c @ d["hidden_weights"]) * 2.0 ** -d["hidden_shift"].astype(float) + d["hidden_bias"]
    g = np.clip(np.rint(a * 64), 0, 255)
    p = (g @ d["output_weights"]) * 2.0 ** -d["output_shift"].astype(float) / 64
    return p + (c @ d["skip_weights"]) * 2.0 ** -d["skip_shift"].astype(float) + d["output_bias"]
