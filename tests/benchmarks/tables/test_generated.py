"""Generated tables have the structure that they claim."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.tables.generated import GENERATED


@pytest.mark.parametrize("name", GENERATED)
def test_a_seed_recreates_a_table(name: str) -> None:
    """The same seed gives the same table, and planted columns are in it."""
    first, second = (GENERATED[name](np.random.default_rng(3), 200) for _ in range(2))
    assert first.table.equals(second.table)
    assert set(first.planted) <= set(first.table.column_names)
    assert all(bits >= 0 for bits in first.planted.values())


def test_parts_add_up() -> None:
    """Totals are the exact sums of their parts in cents."""
    table = GENERATED["sums"](np.random.default_rng(0), 500).table
    cents = {name: np.rint(table[name].to_numpy() * 100) for name in table.column_names}
    assert np.array_equal(cents["fare"] + cents["tip"] + cents["tolls"], cents["total"])


@pytest.mark.parametrize(
    ("name", "keys", "value"),
    [("dependence", ["code", "kind"], "tariff"), ("dependence", ["code"], "name"),
     ("keys", ["key"], "constant"), ("flags", ["vendor"], "stored")],
)  # fmt: skip
def test_keys_determine_values(name: str, keys: list[str], value: str) -> None:
    """A planted dependence has no exception."""
    table = GENERATED[name](np.random.default_rng(0), 2000).table
    pairs = table.group_by(keys).aggregate([(value, "count_distinct")])
    assert set(pairs[f"{value}_count_distinct"].to_pylist()) == {1}


def test_trips_end_after_their_duration() -> None:
    """A drop-off is its pickup and the seconds between them."""
    table = GENERATED["timestamps"](np.random.default_rng(0), 300).table
    start, end = (table[name].to_numpy().astype(np.int64) for name in ("pickup", "dropoff"))
    seconds = table["seconds"].to_numpy().astype(np.int64)
    assert np.array_equal(start + seconds * 1_000_000, end)
