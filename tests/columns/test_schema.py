"""Roles of columns, differences between fragments, schemas as text."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.columns import (
    TableSchema,
    check_unique_names,
    deserialize_schema,
    is_vector,
    misfits,
    resolve_roles,
    serialize_schema,
)
from ae_pipeline.columns.schema import MAX_FEATURES, schema_differences
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.errors import ConfigError, DuplicateColumnError, NoFeatureColumnError
from tests.support.checks import assert_one_line

ALL_KINDS = pa.schema(
    [
        ("id", pa.int64()),
        ("half", pa.float16()),
        ("single", pa.float32()),
        ("name", pa.string()),
        ("double", pa.float64()),
        ("flag", pa.bool_()),
        ("at", pa.timestamp("us", "UTC")),
        ("price", pa.decimal128(10, 2)),
        ("tags", pa.list_(pa.float64())),
        ("pair", pa.struct([("x", pa.float32())])),
        ("count", pa.uint16()),
        ("word", pa.dictionary(pa.int32(), pa.string())),
        ("raw", pa.binary()),
    ]
)

simple_types = st.sampled_from(
    [
        *(pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
        *(pa.string(), pa.large_string(), pa.binary(), pa.binary(4), pa.date32()),
        *(pa.timestamp("ns"), pa.timestamp("us", "Europe/Paris"), pa.duration("s")),
        *(pa.decimal128(38, 9), pa.decimal256(50, -3), pa.dictionary(pa.int8(), pa.string())),
    ]
)
types = st.recursive(
    simple_types,
    lambda inner: st.one_of(
        inner.map(pa.list_),
        inner.map(lambda kind: pa.list_(pa.field("element", kind, nullable=kind == pa.null()), 3)),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda kinds: pa.struct([(f"part {i}", kind) for i, kind in enumerate(kinds)])
        ),
        inner.map(lambda kind: pa.map_(pa.string(), kind)),
    ),
    max_leaves=4,
)
metadata = st.none() | st.dictionaries(st.binary(min_size=1, max_size=5), st.binary(max_size=9))
fields = st.builds(
    lambda name, kind, nullable, notes: pa.field(name, kind, nullable or kind == pa.null(), notes),
    *(st.text(max_size=8), types, st.booleans(), metadata),
)
schemas = st.builds(pa.schema, st.lists(fields, max_size=5), metadata)


def roles(arrow: pa.Schema = ALL_KINDS, **columns: tuple[str, ...]) -> TableSchema:
    """Roles under these settings."""
    return resolve_roles(arrow, ColumnsConfig(**columns), "here")


def test_floats_are_features_and_all_else_is_kept() -> None:
    """Without settings float columns of every width go through the network, in schema order."""
    found = roles()
    assert found.features == ("half", "single", "double")
    assert found.kept == tuple(name for name in ALL_KINDS.names if name not in found.features)
    assert found.feature_types == (pa.float16(), pa.float32(), pa.float64())
    assert found.arrow is ALL_KINDS


@pytest.mark.parametrize(
    ("columns", "features"),
    [
        ({"keep": ("double",)}, ("half", "single")),
        ({"feature": ("count",)}, ("half", "single", "double", "count")),
        ({"feature": ("id", "count")}, ("id", "half", "single", "double", "count")),
        ({"keep": ("*",), "feature": ("double",)}, ("double",)),
        ({"keep": ("single", "half"), "feature": ("s*",)}, ("single", "double")),
        ({"feature": ("*",)}, ("id", "half", "single", "double", "count")),
        ({"keep": ("[hs]*",)}, ("double",)),
        ({"keep": ("id",)}, ("half", "single", "double")),
    ],
)
def test_settings_override(columns: dict[str, tuple[str, ...]], features: tuple[str, ...]) -> None:
    """Names and globs move columns; `feature` beats `keep`; a glob takes numeric columns only."""
    assert roles(**columns).features == features


@given(st.lists(types, min_size=1, max_size=6))
def test_every_column_has_one_role(kinds: list[pa.DataType]) -> None:
    """Features and kept columns together are the schema, without overlap, in its order."""
    arrow = pa.schema([("number", pa.float64())] + [(f"c{i}", k) for i, k in enumerate(kinds)])
    found = roles(arrow)
    assert sorted(found.features + found.kept) == sorted(arrow.names)
    assert all(pa.types.is_floating(kind) or is_vector(kind) for kind in found.feature_types)
    assert not any(pa.types.is_floating(arrow.field(name).type) for name in found.kept)


def test_names_with_glob_characters_match_themselves() -> None:
    """A column called `x[0]` is chosen by its name, although that is a glob for `x0`."""
    arrow = pa.schema([("x[0]", pa.float64()), ("y", pa.float64())])
    assert roles(arrow, keep=("x[0]",)).features == ("y",)


def test_globs_mind_case() -> None:
    """`A*` does not match `a1`."""
    arrow = pa.schema([("a1", pa.float64()), ("A1", pa.float64())])
    assert roles(arrow, keep=("A*",)).features == ("a1",)


@pytest.mark.parametrize("name", ["name", "flag", "at", "price", "tags", "pair", "word", "raw"])
def test_named_column_must_be_numeric(name: str) -> None:
    """A column that was named as a feature and is not numeric is refused with its type."""
    with pytest.raises(ConfigError) as caught:
        roles(feature=(name,))
    assert_one_line(caught.value, repr(name), str(ALL_KINDS.field(name).type), "here")


@pytest.mark.parametrize("role", ["keep", "feature"])
@pytest.mark.parametrize("pattern", ["nothing", "x*", ""])
def test_pattern_must_match(role: str, pattern: str) -> None:
    """A pattern that matches no column is a typo and is refused with the columns there are."""
    with pytest.raises(ConfigError, match="no column matches: here: expected one of id, half"):
        roles(**{role: (pattern,)})


def test_duplicate_names() -> None:
    """Two columns of one name are refused, the name said once."""
    arrow = pa.schema([("a", pa.float64()), ("b", pa.int8()), ("a", pa.string())])
    with pytest.raises(DuplicateColumnError, match="got a:") as caught:
        roles(arrow)
    assert_one_line(caught.value, "here", "rename")
    with pytest.raises(DuplicateColumnError, match="got a:"):
        check_unique_names(arrow.names, "here")
    check_unique_names(["a", "A"], "here")


@pytest.mark.parametrize("arrow", [pa.schema([]), pa.schema([("id", pa.int64())])])
def test_no_feature_column(arrow: pa.Schema) -> None:
    """A table of which nothing would be coded is refused with the columns that it has."""
    for settings in ({"keep": tuple(arrow.names)}, {"code": "features"}):
        with pytest.raises(NoFeatureColumnError) as caught:
            roles(arrow, **settings)
    assert_one_line(caught.value, "here", "id (int64)" if arrow.names else "no columns")
    with pytest.raises(NoFeatureColumnError):
        roles(keep=("*",))


def test_too_many_features() -> None:
    """More feature columns than the format can number are refused with the limit."""
    names = [f"c{i}" for i in range(MAX_FEATURES + 1)]
    arrow = pa.schema([(name, pa.float32()) for name in names])
    with pytest.raises(ConfigError, match=f"at most {MAX_FEATURES}, got {MAX_FEATURES + 1}"):
        roles(arrow)
    assert len(roles(arrow, keep=(names[0],)).features) == MAX_FEATURES


def test_differences_name_every_column() -> None:
    """Missing, new and changed columns are all listed, each with what is wrong."""
    expected = pa.schema([("a", pa.int32()), ("b", pa.float64()), ("c", pa.string())])
    got = pa.schema([("c", pa.binary()), ("d", pa.int8()), ("b", pa.float64())])
    assert schema_differences(expected, got) == [
        "a is missing",
        "d is new",
        "c is binary, not string",
    ]


@given(schemas)
def test_schema_fits_itself(schema: pa.Schema) -> None:
    """A schema fits itself in any order, with other metadata, nullable or not."""
    unique = pa.schema({field.name: field for field in schema}.values())
    loose = [field.with_nullable(True).remove_metadata() for field in reversed(list(unique))]
    assert schema_differences(unique, pa.schema(loose, {"k": "v"})) == []


@given(schemas)
def test_serialization_round_trip(schema: pa.Schema) -> None:
    """A schema comes back from its text with every type, flag and piece of metadata."""
    text = serialize_schema(schema)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
    assert deserialize_schema(text).equals(schema, check_metadata=True)


def with_metadata(metadata: dict[str, object], *names: str) -> pa.Schema:
    """Float columns, and metadata of a file as JSON."""
    pairs = {key: json.dumps(value) for key, value in metadata.items()}
    return pa.schema([(name, pa.float64()) for name in names], pairs)


ICEBERG = {"identifier-field-ids": [2], "fields": [{"id": 1, "name": "x"}, {"id": 2, "name": "k"}]}


@pytest.mark.parametrize(
    "arrow",
    [
        with_metadata({"pandas": {"index_columns": ["k", {"kind": "range"}]}}, "x", "k"),
        with_metadata({"iceberg.schema": ICEBERG}, "x", "k"),
        pa.schema(
            [
                ("x", pa.float64()),
                pa.field(
                    "k", pa.float64(), metadata={"lance-schema:unenforced-primary-key": "true"}
                ),
            ]
        ),
    ],
    ids=["pandas", "iceberg", "lance"],
)
def test_declared_keys_are_kept(arrow: pa.Schema) -> None:
    """A float that the file declares as index or key is kept, unless it is asked for."""
    assert roles(arrow).features == ("x",)
    assert set(roles(arrow, feature=("k",)).features) == {"x", "k"}


@pytest.mark.parametrize("text", ["", "[", "[]", "7", '{"index_columns": 3}', '{"fields": [1]}'])
def test_metadata_that_make_no_sense_declare_nothing(text: str) -> None:
    """Metadata are whatever others wrote: what cannot be read names no key."""
    arrow = pa.schema([("x", pa.float64())], {"pandas": text, "iceberg.schema": text})
    assert roles(arrow).features == ("x",)


def test_kept_columns_may_differ() -> None:
    """A fragment suits roles whose features it has; other differences are listed beside these."""
    expected = roles(pa.schema([("x", pa.float64()), ("k", pa.int32())]))
    assert misfits(expected, pa.schema([("new", pa.float32()), ("x", pa.float64())])) == []
    other = pa.schema([("x", pa.float32()), ("k", pa.int64())])
    assert misfits(expected, other) == ["x is float, not double", "k is int64, not int32"]
