"""Columns in the JSON of a codec: the same tree, in fewer bytes."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.json_columns import from_columns, to_columns
from ae_pipeline.codec.json_file import pack_tree

_objects = st.dictionaries(
    st.sampled_from(["name", "std", "grid", "0"]),
    st.none() | st.integers(0, 9) | st.lists(st.integers(), max_size=2),
)
_arrays = st.lists(_objects, max_size=6)
_inner = st.fixed_dictionaries({"columns": _arrays, "plan": _arrays, "source": st.text()})
_schemas = st.binary(max_size=20).map(lambda content: base64.b64encode(content).decode())
TREE: dict[str, Any] = {"id": "x", "schema": "AAEC", "features": [{"a": 1}, {"a": 2, "b": None}]}


@given(_schemas, _arrays, _inner, st.none() | _inner)
def test_round_trip(
    schema: str, features: list[Any], provenance: dict[str, Any], table: dict[str, Any] | None
) -> None:
    """Arrays come back object by object, whichever keys each has."""
    tree = {"schema": schema, "features": features, "provenance": provenance, "table": table}
    assert from_columns(to_columns(tree)) == tree


def test_columns_are_as_the_format_says() -> None:
    """A key that all objects have is an array, another one an object of values by number."""
    stored = to_columns(TREE)
    assert stored["features"] == {"a": [1, 2], "b": {"1": None}}
    assert stored["schema_hex"] == "000102"


def test_arrays_of_earlier_formats_stay() -> None:
    """A tree without columns is read as it is."""
    assert from_columns(TREE) == TREE


def test_columns_take_fewer_bytes() -> None:
    """Numbers of a key compress better together than between words."""
    stds = np.random.default_rng(1).gamma(2, 9, 50).round(4).tolist()
    records = [{"name": f"c{n}", "std": std, "offset": n / 4} for n, std in enumerate(stds)]
    tree = {"schema": "", "features": records}
    assert len(pack_tree(to_columns(tree))) < 0.95 * len(pack_tree(tree))


FORGED: dict[str, dict[str, Any]] = {
    "no array": {"a": {"0": 1}},
    "none": {},
    "two lengths": {"a": [1], "b": [1, 2]},
    "beyond": {"a": [1], "b": {"1": 1}},
    "far beyond": {"a": [1], "b": {"9" * 5000: 1}},
    "no number": {"a": [1], "b": {"x": 1}},
    "below": {"a": [1], "b": {"-1": 1}},
    "no column": {"a": [1], "b": 5},
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_columns(name: str) -> None:
    """Columns that stand for no objects are a `ValueError`."""
    with pytest.raises(ValueError, match=r"\w"):
        from_columns({"schema": "", "features": FORGED[name]})
