"""Roles of columns: which are features and which are kept.

The module reads Arrow schemas only, never data.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any  # JSON that others wrote

import pyarrow as pa

from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.errors import ConfigError, DuplicateColumnError, NoFeatureColumnError, listing

#: Feature columns of one table; the codes of missing values hold a column number in 14 bits.
MAX_FEATURES = 1 << 14
_LANCE_KEY = b"lance-schema:unenforced-primary-key"


@dataclass(frozen=True)
class TableSchema:
    """A source's Arrow schema and the names of its feature columns, in schema order.

    `stored` is the text that the schema was read from, if any: another release of Arrow might write
    the same schema in other bytes, which must not change a codec's id.
    """

    arrow: pa.Schema
    features: tuple[str, ...]
    stored: str = field(default="", compare=False, repr=False)

    @property
    def serialized(self) -> str:
        """The Arrow schema as text, the same for ever."""
        return self.stored or serialize_schema(self.arrow)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the columns that are copied, in schema order."""
        chosen = set(self.features)
        return tuple(name for name in self.arrow.names if name not in chosen)

    @property
    def feature_types(self) -> tuple[pa.DataType, ...]:
        """Arrow types of the feature columns."""
        return tuple(self.arrow.field(name).type for name in self.features)


def resolve_roles(arrow: pa.Schema, columns: ColumnsConfig, where: str) -> TableSchema:
    """Give every column its role: floats are features, all else is kept, settings override.

    A column that the file declares as its key or index is kept even if it holds floats: an error
    there would confuse rows.

    Args:
        arrow: schema of the source.
        columns: names and globs that override the default; `feature` wins over `keep`.
        where: path for messages.

    Raises:
        DuplicateColumnError: two columns share a name.
        ConfigError: a pattern matches no column, or names one that is not numeric.
        NoFeatureColumnError: no column is left to encode.
    """
    _check_unique(arrow.names, where)
    kept = _matching(arrow, columns.keep, where)
    keys = declared_keys(arrow)
    wanted = {
        name
        for name in _matching(arrow, columns.feature, where)
        if _is_usable(arrow.field(name), name in columns.feature, where)
    }
    features = tuple(
        field.name
        for field in arrow
        if field.name in wanted
        or (pa.types.is_floating(field.type) and field.name not in kept and field.name not in keys)
    )
    _check_count(features, arrow, columns, where)
    return TableSchema(arrow, features)


def pinned_columns(arrow: pa.Schema, columns: ColumnsConfig) -> set[str]:
    """Return the columns that the settings keep as they are.

    A pattern without a match is fine here: `resolve_roles` looked at the first schema.
    """
    return {name for pattern in columns.keep for name in _found(arrow, pattern)}


def misfits(roles: TableSchema, got: pa.Schema) -> list[str]:
    """Return why a fragment of schema `got` cannot be encoded with these roles; empty if it can.

    Its feature columns must exist with their types. Kept columns may differ from fragment to
    fragment; every column that is not a feature is kept.
    """
    found = {field.name: field.type for field in got}
    wanted = zip(roles.features, roles.feature_types, strict=True)
    if all(found.get(name) == kind for name, kind in wanted):
        return []
    return schema_differences(roles.arrow, got)


def schema_differences(expected: pa.Schema, got: pa.Schema) -> list[str]:
    """Describe columns of `got` that are missing, new or of another type; empty if it fits.

    Order, nullability and metadata may differ from fragment to fragment.
    """
    wanted = {field.name: field.type for field in expected}
    found = {field.name: field.type for field in got}
    missing = [f"{name} is missing" for name in wanted if name not in found]
    new = [f"{name} is new" for name in found if name not in wanted]
    changed = [
        f"{name} is {found[name]}, not {kind}"
        for name, kind in wanted.items()
        if name in found and found[name] != kind
    ]
    return missing + new + changed


def check_unique_names(names: Iterable[str], where: str) -> None:
    """Raise `DuplicateColumnError` if two columns share a name."""
    _check_unique(list(names), where)


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


def serialize_schema(arrow: pa.Schema) -> str:
    """Write an Arrow schema, metadata included, as base64 of its IPC message."""
    return base64.b64encode(arrow.serialize().to_pybytes()).decode("ascii")


def deserialize_schema(text: str) -> pa.Schema:
    """Invert `serialize_schema`; ValueError or ArrowException for other text."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))


def _object(text: bytes | None) -> dict[str, Any]:
    """Parse a JSON object; other programs wrote the metadata, so anything else counts as empty."""
    try:
        found = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _items(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _check_unique(names: list[str], where: str) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DuplicateColumnError(
            "duplicate column names",
            where=where,
            expected="each name once",
            got=listing(repeated),
            remedy="rename or drop one of them in the source",
        )


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
    is_numeric = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
    if is_named and not is_numeric:
        raise ConfigError(
            f"column {field.name!r} cannot be a feature",
            where=where,
            expected="a float or integer column",
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
    if len(features) > MAX_FEATURES:
        raise ConfigError(
            "too many feature columns",
            where=where,
            expected=f"at most {MAX_FEATURES}",
            got=str(len(features)),
            remedy="keep some of them with columns.keep",
        )
