"""Which parts of a dataset a condition cannot match, and which columns it names: by Arrow itself.

Arrow simplifies a condition by what is guaranteed of a part. What becomes false needs no reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import types
from pyarrow.fs import LocalFileSystem

_FORMAT, _NO_FILES = ds.ParquetFileFormat(), LocalFileSystem()


def matching(
    guarantees: Sequence[pc.Expression], condition: pc.Expression, schema: pa.Schema
) -> list[int]:
    """Return the numbers of the parts in which some row may match.

    Args:
        guarantees: what holds for all rows of each part.
        condition: on rows.
        schema: of the dataset.
    """
    # Nothing is opened: names stand for parts.
    parts = [
        _FORMAT.make_fragment(str(number), _NO_FILES, partition_expression=guarantee)
        for number, guarantee in enumerate(guarantees)
    ]
    dataset = ds.FileSystemDataset(parts, _plain(schema), _FORMAT, _NO_FILES)
    return [int(part.path) for part in dataset.get_fragments(filter=condition)]


def columns_of(conditions: Iterable[pc.Expression], schema: pa.Schema) -> list[str]:
    """Return the columns that expressions name, in the order of the schema."""
    expressions = list(conditions)
    return [name for name in schema.names if any(_names(one, name, schema) for one in expressions)]


def negates(condition: pc.Expression) -> bool:
    """Whether something in a condition is negated."""
    return "invert(" in str(condition)


def _names(expression: pc.Expression, name: str, schema: pa.Schema) -> bool:
    """Whether an expression cannot be bound without a column."""
    if name not in str(expression) and name.isidentifier():
        return False
    others = pa.schema([field for field in schema if field.name != name])
    return not _binds(expression, others) and _binds(expression, schema)


def _binds(expression: pc.Expression, schema: pa.Schema) -> bool:
    empty = ds.InMemoryDataset(schema.empty_table())
    try:
        empty.scanner(filter=None, columns={"found": expression})
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, KeyError):
        return False
    return True


def _plain(schema: pa.Schema) -> pa.Schema:
    """Return the schema with the values of dictionaries, about which Arrow reasons."""
    return pa.schema(
        [
            field.with_type(field.type.value_type) if types.is_dictionary(field.type) else field
            for field in schema
        ]
    )
