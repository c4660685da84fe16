"""Partition keys: what the folders `year=2013/station=Aotizhongxin` say, as typed columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import pyarrow as pa

from ae_pipeline.source.discovery import Fragment

#: What Hive and Spark call the folder of rows without a value.
_NULL = "__HIVE_DEFAULT_PARTITION__"
_MOST_LISTED = 12


def partition_values(fragment: Fragment) -> dict[str, str | None]:
    """Value of each key in the fragment's path, as text; folders without a key say nothing."""
    pairs = (folder.partition("=") for folder in fragment.partition.split("/"))
    return {
        unquote(key): None if value == _NULL else unquote(value)
        for key, is_pair, value in pairs
        if is_pair
    }


def partition_table(fragments: Sequence[Fragment]) -> pa.Table:
    """One row per fragment: `path`, then every key, as integers or floats where all values are."""
    values = [partition_values(fragment) for fragment in fragments]
    keys = dict.fromkeys(key for value in values for key in value)
    columns = {"path": pa.array([fragment.relative for fragment in fragments], pa.string())}
    return pa.table({**columns, **{key: _typed(values, key) for key in keys}})


def known_values(fragments: Sequence[Fragment]) -> str:
    """What the keys hold, in a few words: `year 2013 to 2015; station Aotizhongxin, Changping`."""
    table = partition_table(fragments)
    names = table.column_names[1:] or ["path"]
    return "; ".join(f"{name} {_span(table[name].to_pylist())}" for name in names)


def _span(values: Sequence[str | int | float | None]) -> str:
    """Few texts are listed, of the others and of numbers the first and the last are told."""
    known = sorted({value for value in values if value is not None})
    is_text = any(isinstance(value, str) for value in known)
    if len(known) == 1 or (is_text and len(known) <= _MOST_LISTED):
        return ", ".join(map(str, known))
    n_texts = f" ({len(known)} values)" if is_text else ""
    return f"{known[0]} to {known[-1]}{n_texts}"


def _typed(values: Sequence[Mapping[str, str | None]], key: str) -> pa.Array:
    texts = pa.array([value.get(key) for value in values], pa.string())
    for kind in (pa.int64(), pa.float64()):
        try:
            return texts.cast(kind)
        except pa.ArrowInvalid:
            continue
    return texts
