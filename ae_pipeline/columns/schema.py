"""The schema of a table, the roles of its columns, and how schemas differ.

The module reads Arrow schemas only, never data.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from ae_pipeline.columns.vectors.lanes import is_vector, lane_names, lane_type
from ae_pipeline.errors import DuplicateColumnError, listing

#: Lanes of the feature columns of one table; the codes of missing values hold a number in 14 bits.
MAX_FEATURES = 1 << 14


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

    @cached_property
    def spans(self) -> tuple[range, ...]:
        """Numbers of the lanes of each feature column: one, or as many as its vectors are wide."""
        found, start = [], 0
        for name, kind in zip(self.features, self.feature_types, strict=True):
            found.append(range(start, start + len(lane_names(name, kind))))
            start = found[-1].stop
        return tuple(found)

    @cached_property
    def lanes(self) -> tuple[str, ...]:
        """Names of the lanes of all feature columns."""
        pairs = zip(self.features, self.feature_types, strict=True)
        return tuple(lane for name, kind in pairs for lane in lane_names(name, kind))

    @cached_property
    def lane_types(self) -> tuple[pa.DataType, ...]:
        """Arrow types of the lanes."""
        pairs = zip(self.feature_types, self.spans, strict=True)
        return tuple(lane_type(kind) for kind, span in pairs for _ in span)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Names of the feature columns that hold vectors."""
        return tuple(name for name in self.features if is_vector(self.arrow.field(name).type))


def misfits(roles: TableSchema, got: pa.Schema, also: Iterable[str] = ()) -> list[str]:
    """Return why a fragment of schema `got` cannot be encoded with these roles; empty if it can.

    Its feature columns must exist with their types, and so must those of `also`. Other kept columns
    may differ from fragment to fragment; every column that is not a feature is kept.
    """
    found = {field.name: field.type for field in got}
    if all(found.get(name) == roles.arrow.field(name).type for name in (*roles.features, *also)):
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
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DuplicateColumnError(
            "duplicate column names",
            where=where,
            expected="each name once",
            got=listing(repeated),
            remedy="rename or drop one of them in the source",
        )


def serialize_schema(arrow: pa.Schema) -> str:
    """Write an Arrow schema, metadata included, as base64 of its IPC message."""
    return base64.b64encode(arrow.serialize().to_pybytes()).decode("ascii")


def deserialize_schema(text: str) -> pa.Schema:
    """Invert `serialize_schema`; ValueError or ArrowException for other text."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text)))
