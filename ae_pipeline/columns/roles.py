"""Roles of columns: which are features and which are kept."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any  # JSON that others wrote

import pyarrow as pa

from ae_pipeline.columns.schema import MAX_FEATURES, TableSchema, check_unique_names
from ae_pipeline.columns.vectors.lanes import clashing, is_vector, lane_names
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.errors import ConfigError, DuplicateColumnError, NoFeatureColumnError, listing

_LANCE_KEY = b"lance-schema:unenforced-primary-key"


def resolve_roles(arrow: pa.Schema, columns: ColumnsConfig, where: str) -> TableSchema:
    """Give every column its role: floats and vectors of floats are features, all else is kept.

    Settings override that. A column that the file declares as its key or index is kept even if it
    holds floats: an error there would confuse rows.

    Args:
        arrow: schema of the source.
        columns: names and globs that override the default; `feature` wins over `keep`.
        where: path for messages.

    Raises:
        DuplicateColumnError: two columns share a name.
        ConfigError: a pattern matches no column, or names one that is not numeric.
        NoFeatureColumnError: no column is left to encode.
    """
    check_unique_names(arrow.names, where)
    kept = _matching(arrow, columns.keep, where)
    keys = declared_keys(arrow)
    wanted = {
        name
        for name in _matching(arrow, columns.feature, where)
        if _is_usable(arrow.field(name), name in columns.feature, where)
    }
    floats = {field.name for field in arrow if pa.types.is_floating(field.type)}
    chosen = wanted | (floats - kept - keys)
    chosen |= _narrow_vectors(arrow, chosen, kept | keys)
    features = tuple(name for name in arrow.names if name in chosen)
    _check_count(features, arrow, columns, where)
    schema = TableSchema(arrow, features)
    _check_lanes(schema, where)
    return schema


def _check_lanes(schema: TableSchema, where: str) -> None:
    """Raise `DuplicateColumnError` if a lane of a vector has the name of a column."""
    for name, kind in zip(schema.features, schema.feature_types, strict=True):
        lanes = lane_names(name, kind)
        if name not in lanes and clashing(schema.arrow.names, lanes):
            raise DuplicateColumnError(
                "the floats of a vector and a column have one name",
                where=f"{where}, column {name}",
                got=listing(sorted({*lanes}.intersection(schema.arrow.names))),
                remedy="keep the vector with columns.keep, or rename the other column",
            )


def _narrow_vectors(arrow: pa.Schema, chosen: set[str], kept: set[str]) -> set[str]:
    """Return the vector columns that are features unless others say so, while there is room.

    The lanes of one have names that no column has.
    """
    n_left = MAX_FEATURES - len(TableSchema(arrow, tuple(chosen)).lanes)
    found = set()
    for one in arrow:
        if one.name in chosen | kept or not is_vector(one.type):
            continue
        lanes = lane_names(one.name, one.type)
        if len(lanes) <= n_left and not clashing(arrow.names, lanes):
            found.add(one.name)
            n_left -= len(lanes)
    return found


def pinned_columns(arrow: pa.Schema, columns: ColumnsConfig) -> set[str]:
    """Return the columns that the settings keep as they are.

    A pattern without a match is fine here: `resolve_roles` looked at the first schema.
    """
    return {name for pattern in columns.keep for name in _found(arrow, pattern)}


def declared_keys(arrow: pa.Schema) -> set[str]:
    """Return the columns that metadata of pandas, Iceberg or Lance name as index or key."""
    metadata = arrow.metadata or {}
    pandas = _object(metadata.get(b"pandas"))
    index = [name for name in _items(pandas.get("index_columns")) if isinstance(name, str)]
    iceberg = _object(metadata.get(b"iceberg.schema"))
    identifiers = _items(iceberg.get("identifier-field-ids"))
    fields = [field for field in _items(iceberg.get("fields")) if isinstance(field, dict)]
    keys = [field.get("name") for field in fields if field.get("id") in identifiers]
    lance = [field.name for field in arrow if (field.metadata or {}).get(_LANCE_KEY) == b"true"]
    return {name for name in (*index, *keys, *lance) if name in arrow.names}


def _object(text: bytes | None) -> dict[str, Any]:
    """Parse a JSON object; other programs wrote the metadata, so anything else counts as empty."""
    try:
        found = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _matching(arrow: pa.Schema, patterns: tuple[str, ...], where: str) -> set[str]:
    """Return the columns that any pattern matches; a pattern without a match is a typo."""
    matches: set[str] = set()
    for pattern in patterns:
        found = _found(arrow, pattern)
        if not found:
            raise ConfigError(
                "no column matches",
                where=where,
                expected=f"one of {listing(arrow.names)}",
                got=pattern,
            )
        matches |= found
    return matches


def _found(arrow: pa.Schema, pattern: str) -> set[str]:
    return {name for name in arrow.names if name == pattern or fnmatchcase(name, pattern)}


def _is_usable(field: pa.Field, is_named: bool, where: str) -> bool:
    """Return whether the column is numeric; one named in the settings must be."""
    is_number = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    is_numeric = is_number or is_vector(field.type)
    if is_named and not is_numeric:
        raise ConfigError(
            f"column {field.name!r} cannot be a feature",
            where=where,
            expected="a column of floats, integers or vectors of floats",
            got=str(field.type),
            remedy="keep it",
        )
    return is_numeric


def _check_count(
    features: tuple[str, ...], arrow: pa.Schema, columns: ColumnsConfig, where: str
) -> None:
    coded = columns.codes_others and set(arrow.names) - _matching(arrow, columns.keep, where)
    if not features and not coded:
        raise NoFeatureColumnError(
            "no column to encode",
            where=where,
            expected="at least one column that is not kept, or integers named with columns.feature",
            got=listing([f"{field.name} ({field.type})" for field in arrow]) or "no columns",
        )
    n_lanes = len(TableSchema(arrow, features).lanes)
    if n_lanes > MAX_FEATURES:
        raise ConfigError(
            "too many feature columns, counting the lanes of vectors",
            where=where,
            expected=f"at most {MAX_FEATURES}",
            got=str(n_lanes),
            remedy="keep some of them with columns.keep",
        )
