"""Columns that may be learned: by type and settings, before any value is read."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.inputs import is_counted, is_learnable, is_measured, learnable_roles
from tests.support.strategies.learnable import SCALARS, VECTORS

NEVER = [
    pa.null(),
    pa.binary(),
    pa.duration("s"),
    pa.list_(pa.float64()),
    pa.struct([("a", pa.float64())]),
    pa.string_view(),
    pa.decimal128(16, 2),
    pa.dictionary(pa.int8(), pa.string(), ordered=True),
    pa.dictionary(pa.int8(), pa.int64()),
]
ARROW = pa.schema(
    [
        *(("id", pa.int64()), ("x", pa.float64()), ("word", pa.string()), ("at", pa.date32())),
        *(("v", pa.list_(pa.float32(), 2)), ("blob", pa.binary())),
    ]
)


def features(like: list[str] | None = None, arrow: pa.Schema = ARROW, **settings: Any) -> list[str]:
    """Names of the columns that these settings leave open to be learned."""
    columns = ColumnsConfig(**settings)
    return list(learnable_roles(arrow, columns, "here", like).features)


@pytest.mark.parametrize("kind", [*SCALARS, *VECTORS], ids=str)
def test_learnable(kind: pa.DataType) -> None:
    """Numbers, times, short decimals, vectors, text, booleans and dictionaries may be learned."""
    assert is_learnable(kind)
    assert is_measured(kind) or is_counted(kind)


@pytest.mark.parametrize("kind", NEVER, ids=str)
def test_never_learned(kind: pa.DataType) -> None:
    """Bytes, nested columns, long decimals and dictionaries with an order are kept."""
    assert not is_learnable(kind)


def test_floats_alone() -> None:
    """With `learn` floats only columns of floats are features; vectors are not."""
    assert features(learn="floats") == ["x"]


def test_all() -> None:
    """With `learn` all, every column of a learnable type is one, in the schema's order."""
    assert features(learn="all") == ["id", "x", "word", "at", "v"]


def test_kept_and_keys_are_spared() -> None:
    """Columns that settings or the table itself keep are never learned."""
    assert features(learn="all", keep=["w*"]) == ["id", "x", "at", "v"]
    keyed = ARROW.with_metadata({"pandas": '{"index_columns": ["id"], "columns": []}'})
    assert features(learn="all", arrow=keyed) == ["x", "word", "at", "v"]


def test_those_of_a_codec() -> None:
    """Of columns whose values decide, a codec's own are features."""
    assert features(["x", "word"], learn="all") == ["x", "word", "v"]


def test_no_more_lanes_than_a_codec_holds() -> None:
    """Wide vectors that would be too many lanes are left out, and what still fits is not."""
    wide = pa.schema([(f"v{n}", pa.list_(pa.float32(), 4096)) for n in range(5)])
    assert features(learn="all", arrow=wide) == ["v0", "v1", "v2", "v3"]
    assert features(learn="all", arrow=wide.append(pa.field("n", pa.int8())))[-1] != "v4"
