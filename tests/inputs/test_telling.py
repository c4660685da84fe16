"""What latents would make of each column, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.inputs import tell_kinds

N_ROWS = 400


def table() -> pa.Table:
    """A table with a column of every kind."""
    draws = np.random.default_rng(0)
    hours = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(N_ROWS)]
    image = pa.FixedSizeListArray.from_arrays(
        pa.array(draws.integers(0, 255, 6 * N_ROWS), pa.uint8()), 6
    )
    return pa.table(
        {
            "number": draws.normal(size=N_ROWS),
            "key": np.arange(N_ROWS),
            "flat": np.ones(N_ROWS),
            "label": np.where(draws.random(N_ROWS) < 0.5, "a", "b"),
            "text": [f"text {n}" for n in range(N_ROWS)],
            "at": pa.array(hours),
            "image": pa.ExtensionArray.from_storage(
                pa.fixed_shape_tensor(pa.uint8(), [2, 3]), image
            ),
            "lists": [[1.0] * (n % 3) for n in range(N_ROWS)],
            "bytes": [b"x"] * N_ROWS,
        }
    )


@pytest.mark.parametrize(
    ("name", "told"),
    {
        "number": "number",
        "key": "kept: every row has a number of its own",
        "flat": "constant",
        "label": "2 categories",
        "text": "kept: every row has a value of its own",
        "at": "time (day, week)",
        "image": "vector of 6",
        "lists": "kept: lists of any length",
        "bytes": "kept: of this type",
    }.items(),
)
def test_every_kind_is_told(name: str, told: str) -> None:
    """Each column is told as what it would be learned, or with the reason why it is kept."""
    assert tell_kinds(table(), "here")[name] == told


def test_declared_keys_are_told() -> None:
    """A column that pandas calls its index is kept as such."""
    metadata = {b"pandas": b'{"index_columns": ["number"]}'}
    rows = table().select(["number", "label"]).replace_schema_metadata(metadata)
    assert tell_kinds(rows, "here")["number"] == "kept: key or index"


def test_nothing_to_learn_is_fine() -> None:
    """A table whose columns are all kept, or that has no rows, is no error."""
    assert tell_kinds(table().select(["bytes"]), "here") == {"bytes": "kept: of this type"}
    assert tell_kinds(table().slice(0, 0), "here") is not None
