"""Vector columns of a block: lanes, what they have in common, and the integers that they share."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tests.support.format_reader.streams import (
    Bytes,
    read_integers,
    read_numbers,
    read_positions,
    read_validity,
)

_OWN = ("validity", "rows", "numbers", "shared")


def expand_lanes(codec: dict) -> None:
    """Replace the features of a codec by their lanes; `kinds` must be known."""
    lanes: list[dict] = []
    codec["vectors"] = {}
    for feature in codec["features"]:
        kind = codec["kinds"].field(feature["name"]).type
        stored = getattr(kind, "storage_type", kind)
        if not pa.types.is_fixed_size_list(stored):
            lanes.append({**feature, "kind": kind})
            continue
        codec["vectors"][len(lanes)] = (feature["name"], stored.list_size, kind)
        lanes += [
            {
                **feature,
                "name": f"{feature['name']}[{place}]",
                "kind": stored.value_type,
                "width": stored.list_size,
            }
            for place in range(stored.list_size)
        ]
    codec["features"] = lanes


class VectorEntry:
    """One vector column of a block."""

    def __init__(self, ways: Bytes, sizes: Bytes, width: int) -> None:
        assert ways.take(1) == bytes(1)
        self.width = width
        self.sizes = [sizes.varint() for _ in _OWN]
        self.tags: list[int] = []
        self.lane_sizes: list[dict[str, int]] = []
        for _ in range(width):
            self.tags.append(ways.take(1)[0])
            names = self._names(self.tags[-1])
            self.lane_sizes.append({name: sizes.varint() for name in names})

    @staticmethod
    def _names(tag: int) -> list[str]:
        main = [] if tag & 64 else ["main"]
        exact = ["positions", "values"] if tag & 32 else []
        return main + (["validity"] if tag & 16 else []) + exact

    def take(self, taken: Bytes, n_rows: int) -> list[tuple[int, dict]]:
        """Method and streams of each lane, complete."""
        self.own = dict(zip(_OWN, (taken.take(size) for size in self.sizes), strict=True))
        self.is_valid = read_validity(self.own["validity"], n_rows)
        self.rows = np.zeros(0, int)
        if self.own["rows"]:
            self.rows = np.flatnonzero(self.is_valid)[read_positions(self.own["rows"])]
        has = self.is_valid.copy()
        has[self.rows] = False
        lanes = []
        for tag, sizes in zip(self.tags, self.lane_sizes, strict=True):
            streams: dict = {name: taken.take(size) for name, size in sizes.items()}
            if "validity" not in streams:
                streams["validity"] = has
            lanes.append((tag & 15, streams))
        sharing = [place for place, tag in enumerate(self.tags) if tag & 64 and tag & 15 != 7]
        shared = _shared(self.own["shared"], len(sharing), int(has.sum()))
        for place, integers in zip(sharing, shared, strict=True):
            lanes[place][1]["main"] = integers
        return lanes

    def join(self, lanes: list[pa.Array], kind: pa.DataType) -> pa.Array:
        """The column."""
        dtype = np.dtype(lanes[0].type.to_pandas_dtype())
        table = np.array([lane.fill_null(0).to_numpy() for lane in lanes], dtype).T.copy()
        gaps = np.array([lane.is_null().to_numpy(False) for lane in lanes]).T.copy()
        if len(self.rows):
            taken = Bytes(self.own["numbers"], 0)
            known = read_validity(taken.take(taken.varint()), len(self.rows) * self.width)
            full = np.zeros(len(known), dtype)
            full[known] = read_numbers(taken.take(taken.varint()), int(known.sum()), dtype)
            table[self.rows] = full.reshape(len(self.rows), self.width)
            gaps[self.rows] = ~known.reshape(len(self.rows), self.width)
        gaps[~self.is_valid] = False
        stored = getattr(kind, "storage_type", kind)
        items = pa.array(table.reshape(-1), stored.value_type, mask=gaps.reshape(-1))
        found = pa.FixedSizeListArray.from_arrays(items, type=stored, mask=pa.array(~self.is_valid))
        return found if stored is kind else pa.ExtensionArray.from_storage(kind, found)


def _shared(content: bytes, n_lanes: int, n_rows: int) -> np.ndarray:
    if not n_lanes * n_rows:
        assert not content
        return np.zeros((n_lanes, n_rows), np.int64)
    taken = Bytes(content, 1)
    steps, across = content[0] & 1, content[0] & 2
    heads, classes = (read_integers(taken.take(taken.varint()), n_lanes) for _ in range(2))
    left = np.zeros((n_lanes, n_rows - steps), np.int64)
    for number in range(int(classes.max()) + 1):
        own = [lane for lane in range(n_lanes) if classes[lane] == number]
        integers = read_integers(taken.take(taken.varint()), len(own) * left.shape[1])
        for place, lane in enumerate(own):
            left[lane] = integers[place * left.shape[1] : (place + 1) * left.shape[1]]
    if across:
        for lane in range(1, n_lanes):
            left[lane] += left[lane - 1]
    if not steps:
        return left + heads[:, None]
    found = [heads]
    for row in range(n_rows - 1):
        found.append(found[-1] + left[:, row])
    return np.array(found).T
