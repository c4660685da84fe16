"""The file of a table model (section 6.7), as plain dictionaries and lists."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa

from tests.support.format_reader.streams import Bytes, read_integers

KINDS = [
    "order",
    "flags",
    "counts",
    "sizes",
    "names",
    "shifts",
    "constants",
    "weights",
    "lags",
    "fills",
    "signals",
    "cycles",
    "guesses",
    "gaps",
    "widths",
    "listed",
    "inside",
    "inside_codes",
    "asks",
    "thresholds",
    "codes",
]
SIGNALS = ["value", "lag", "cycle", "rank", "since", "till", "linear", "first"]
OWN_SIGNALS = ["left", "right", "gap", "mean", "level", "bend"]


def wrap(number: int) -> int:
    """A number modulo 2^64, as a signed one."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def sums(steps: list[int]) -> list[int]:
    """Numbers of which these are the first and the steps."""
    return [wrap(number) for number in accumulate(steps)]


def _unpack(content: bytes, size: int) -> list[int]:
    tag = content[0] if content else 0
    if tag < 16:
        return read_integers(content, size).tolist()
    body = content[1:]
    if tag >= 32:
        body = pa.CompressedInputStream(pa.py_buffer(body), "zstd").read()
    return np.frombuffer(body, ("<i1", "<i2", "<i4", "<i8")[tag % 16]).tolist()


class ModelFile:
    """Numbers of a table model, kind by kind."""

    def __init__(self, content: bytes) -> None:
        self.content = Bytes(content)
        self.numbers = {}
        for kind in KINDS:
            size = self.content.varint()
            self.numbers[kind] = self._packed(size) if size else []

    def _packed(self, size: int) -> list[int]:
        return _unpack(self.content.take(self.content.varint()), size)

    def one(self, kind: str) -> int:
        """The next number."""
        return self.numbers[kind].pop(0)

    def some(self, kind: str, size: int) -> list[int]:
        """The next numbers."""
        return [self.one(kind) for _ in range(size)]

    def table(self, n_columns: int) -> tuple[list[int], dict[int, dict[str, Any]]]:
        """The coding order as numbers of sub-columns, and the model of each that has one."""
        order = [self.one("order") + place for place in range(n_columns)]
        flags = self.some("flags", n_columns)
        models = {}
        for place, flag in enumerate(flags):
            if flag:
                models[order[place]] = self._model(flag, lambda step, p=place: order[p - step])
        assert not any(self.numbers.values())
        assert self.content.position == len(self.content.content)
        return order, models

    def _model(self, flag: int, name: Any) -> dict[str, Any]:
        self.name = name
        model: dict[str, Any] = {"follows": bool(flag & 4), "distances": bool(flag & 32)}
        model["middle"] = self.one("constants") if flag & 16 else None
        model["keys"] = self._names()
        model["base"] = self._prediction() if flag & 2 else None
        in_order = sums(self._packed(self.one("sizes"))) if flag & 8 else []
        model["labels"] = {integer: label for label, integer in enumerate(in_order)}
        model["guesses"] = [self._guess() for _ in range(self.one("sizes"))]
        model["bins"] = self._bins()
        self._tree(model)
        n_tokens = len(model["guesses"]) + len(model["bins"]) + 1
        model["codes"] = [self.some("codes", n_tokens) for _ in range(model["n_leaves"])]
        return model

    def _names(self) -> list[int]:
        return [self.name(step) for step in self.some("names", self.one("counts"))]

    def _terms(self) -> list[tuple[int, int, int, int]]:
        names = self._names()
        rest = [self.some(kind, len(names)) for kind in ("weights", "lags", "fills")]
        return list(zip(names, *rest, strict=True))

    def _prediction(self) -> dict[str, Any]:
        shift, bias = self.one("shifts"), self.one("constants")
        return {"shift": shift, "bias": bias, "terms": self._terms()}

    def _guess(self) -> dict[str, Any]:
        kind = self.one("guesses")
        if kind > 2:
            return {"kind": ["left", "right"][kind - 3]}
        if kind == 2:
            return {"kind": "previous", "keys": self._names()}
        if kind == 1:
            names = self._names()
            return {"kind": "dependence", "names": names, "entries": self._entries(len(names))}
        names = ("constant", "divisor", "start", "period")
        numbers = dict(zip(names, self.some("constants", 4), strict=True))
        return {"kind": "relation", **numbers, "terms": self._terms()}

    def _entries(self, n_names: int) -> dict[int, int]:
        size, way = self.some("sizes", 2)
        runs = sums(self._packed(size)) if n_names == 2 else [0] * size
        steps, values = self._packed(size), self._packed(size)
        entries = {}
        key = value = 0
        for place, (run, step, stored) in enumerate(zip(runs, steps, values, strict=True)):
            if not place or run != runs[place - 1]:
                key = value = 0
            key = wrap(key + step)
            value = wrap((value if way & 1 else 0) + stored + (step if way & 2 else 0))
            first, second = (key, run) if way & 4 else (run, key)
            entries[wrap((first << 20) + second) if n_names == 2 else key] = value
        return entries

    def _bins(self) -> list[dict[str, Any]]:
        size = self.one("sizes")
        parts = [self.some(kind, size) for kind in ("gaps", "widths", "listed")]
        bins, end = [], 0
        for gap, width, listed in zip(*parts, strict=True):
            low = wrap(end + gap)
            inside = [wrap(low + step) for step in sums(self.some("inside", listed))]
            end = wrap(low + width + 1)
            bins.append({"low": low, "high": wrap(low + width), "inside": inside})
        for one in bins:
            one["codes"] = self.some("inside_codes", len(one["inside"]))
        return bins

    def _tree(self, model: dict[str, Any]) -> None:
        model["signals"] = [self._signal() for _ in range(self.one("sizes"))]
        model["n_leaves"] = 0
        root = self._node(model)
        waiting = [root]
        while waiting:
            node = waiting.pop()
            if node["ask"] >= 0:
                node["threshold"] = self.one("thresholds")
                waiting += [node["right"], node["left"]]
        model["tree"] = root

    def _node(self, model: dict[str, Any]) -> dict[str, Any]:
        node: dict[str, Any] = {"ask": self.one("asks")}
        if node["ask"] < 0:
            node["leaf"] = model["n_leaves"]
            model["n_leaves"] += 1
        else:
            node["left"], node["right"] = self._node(model), self._node(model)
        return node

    def _signal(self) -> dict[str, Any]:
        kind = [*SIGNALS, *OWN_SIGNALS][self.one("signals")]
        if kind in OWN_SIGNALS:
            return {"kind": kind}
        if kind == "linear":
            return {"kind": kind, "prediction": self._prediction()}
        names = self._names()
        if kind == "rank":
            return {"kind": kind, "names": names, "list": self._packed(self.one("sizes"))}
        numbers = self.some("cycles", 2) if kind == "cycle" else []
        return {"kind": kind, "names": names, "numbers": numbers}
