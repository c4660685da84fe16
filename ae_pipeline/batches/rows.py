"""Rows to latents and back, in memory: what `features` and `decode` do to the rows of files.

A worker needs this package and the name of a codec; the codec is loaded once in each process.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

import pyarrow as pa

from ae_pipeline.batches.opened import open_rows
from ae_pipeline.blocks.block import rows_per_block
from ae_pipeline.columns import check_unique_names
from ae_pipeline.errors import CodecMismatchError, ConfigError, listing
from ae_pipeline.formats import (
    ERROR_COLUMN,
    ERRORS_COLUMN,
    MISSING_COLUMN,
    FeaturesFormat,
    check_schema,
)
from ae_pipeline.inputs import EXACT_COLUMN

logger = logging.getLogger(__name__)

_WHERE = "batch of rows"
_LATENT = "latent"

Rows = TypeVar("Rows", pa.RecordBatch, pa.Table)
#: From some rows to others of the same number.
_Act = Callable[[pa.RecordBatch], pa.RecordBatch]


def encoded_schema(
    schema: pa.Schema, codec: str, latent_column: str = _LATENT, *, plain_lists: bool = False
) -> pa.Schema:
    """Return the schema that `encode_rows` gives rows of a schema; arguments and errors as there.

    Columns that are no features come first, in their order, then the latents as
    `fixed_size_list<float>[latent_dim]`, and `ae:missing`, binary, which says where values were
    null, NaN or infinite.
    """
    made = _encoded_schema(schema, open_rows(codec, latent_column))
    return _with_plain_lists(made, latent_column) if plain_lists else made


def encode_rows(
    rows: Rows, codec: str, latent_column: str = _LATENT, *, plain_lists: bool = False
) -> Rows:
    """Replace the feature columns of some rows by latents, as the verb `features` does.

    The latents are the verb's, bit for bit on one kind of machine, however rows are cut into
    batches.

    Args:
        rows: any number, with the columns of the source.
        codec: path or URI of a features dataset or of a codec; absolute, for workers elsewhere.
        latent_column: name of the new column.
        plain_lists: latents as `list<float>`, for Spark, which has no lists of fixed size.

    Raises:
        ConfigError: the rows are not Arrow's, or a column has the name of a new one.
        CodecMismatchError: a feature column is missing or of another type, or the codec makes no
            latents.
        CodecError: there is no codec there, or it is damaged.
        DuplicateColumnError: two columns have one name.
    """
    _check_rows(rows)
    return _encoded(rows, open_rows(codec, latent_column), plain_lists=plain_lists)


def encode_batches(
    batches: Iterable[pa.RecordBatch],
    codec: str,
    latent_column: str = _LATENT,
    *,
    plain_lists: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Yield `encode_rows` of each batch: the shape of Spark's `mapInArrow`; errors as there."""
    format = open_rows(codec, latent_column)
    for batch in batches:
        _check_rows(batch)
        yield _encoded(batch, format, plain_lists=plain_lists)


def decoded_schema(schema: pa.Schema, codec: str, latent_column: str = _LATENT) -> pa.Schema:
    """Return the schema that `decode_rows` gives rows of a schema; errors as there.

    Columns have the order of the source that the codec was fitted to. Kept columns that are absent
    stay absent, and others follow.
    """
    return _decoded_schema(schema, open_rows(codec, latent_column))


def decode_rows(rows: Rows, codec: str, latent_column: str = _LATENT) -> Rows:
    """Replace latents by the columns that they stand for, as `decode` does: not exact.

    Nulls, NaN and infinities are as they were.

    Args:
        rows: any number, as `encode_rows` or a features dataset has them; lists of floats of any
            kind are latents.
        codec: with which they were encoded: path or URI of its dataset, or its own.
        latent_column: name of the column of latents.

    Raises:
        ConfigError: the rows are not Arrow's.
        CodecMismatchError: there are no latents, or the codec makes none.
        CorruptFragmentError: latents are null or of another length.
        CodecError: there is no codec there, or it is damaged.
    """
    _check_rows(rows)
    return _decoded(rows, open_rows(codec, latent_column))


def decode_batches(
    batches: Iterable[pa.RecordBatch], codec: str, latent_column: str = _LATENT
) -> Iterator[pa.RecordBatch]:
    """Yield `decode_rows` of each batch: the shape of Spark's `mapInArrow`; errors as there."""
    format = open_rows(codec, latent_column)
    for batch in batches:
        _check_rows(batch)
        yield _decoded(batch, format)


def _encoded(rows: Rows, format: FeaturesFormat, *, plain_lists: bool) -> Rows:
    schema = _encoded_schema(rows.schema, format)
    made = _mapped(rows, schema, _size(format), partial(_encode, format, schema))
    return made.cast(_with_plain_lists(schema, format.latent_column)) if plain_lists else made


def _decoded(rows: Rows, format: FeaturesFormat) -> Rows:
    schema = _decoded_schema(rows.schema, format)
    act = partial(format.decode_records, format.latent_column, schema, _WHERE)
    return _mapped(rows, schema, _size(format), act)


def _check_rows(rows: object) -> None:
    if not isinstance(rows, (pa.RecordBatch, pa.Table)):
        raise ConfigError(
            "rows are not Arrow's",
            expected="a RecordBatch or a Table",
            got=f"{type(rows).__module__}.{type(rows).__qualname__}",
            remedy='ask for Arrow: mapInArrow of Spark, batch_format="pyarrow" of Ray',
        )


def _encoded_schema(schema: pa.Schema, format: FeaturesFormat) -> pa.Schema:
    check_unique_names(schema.names, _WHERE)
    check_schema(format, schema, _WHERE)
    return format.encoded_schema(schema)


def _with_plain_lists(schema: pa.Schema, latent_column: str) -> pa.Schema:
    number = schema.get_field_index(latent_column)
    latents = schema.field(number)
    return schema.set(number, latents.with_type(pa.list_(latents.type.value_field)))


def _decoded_schema(schema: pa.Schema, format: FeaturesFormat) -> pa.Schema:
    check_unique_names(schema.names, _WHERE)
    added, source = (format.latent_column, MISSING_COLUMN), format.schema
    if not set(added) <= set(schema.names):
        raise CodecMismatchError(
            "no rows of features",
            where=_WHERE,
            expected=f"columns {' and '.join(added)}",
            got=listing(schema.names),
            remedy="name the column of latents with latent_column",
        )
    beside = {*added, ERROR_COLUMN, ERRORS_COLUMN}
    if format.codec.keeps_exact:
        beside.add(EXACT_COLUMN)
    features = {one.name: one for one in source.arrow if one.name in source.features}
    found = {one.name: one for one in schema if one.name not in beside} | features
    known = [found.pop(name) for name in source.arrow.names if name in found]
    return pa.schema([*known, *found.values()], source.arrow.metadata)


def _size(format: FeaturesFormat) -> int:
    """Return the rows that are worked on at a time."""
    return rows_per_block(format.width)


def _encode(format: FeaturesFormat, schema: pa.Schema, records: pa.RecordBatch) -> pa.RecordBatch:
    encoded, varying = format.encode_records(schema, records)
    if varying:
        logger.warning(
            "columns that were constant when the codec was fitted vary, and decode to the "
            "constant: %s",
            listing(sorted(varying)),
        )
    return encoded


def _mapped(rows: Rows, schema: pa.Schema, n_rows: int, act: _Act) -> Rows:
    """Apply `act` to so many rows at a time; return the same kind of rows."""
    if isinstance(rows, pa.Table):
        parts = [act(records) for records in rows.to_batches(max_chunksize=n_rows)]
        return pa.Table.from_batches(parts, schema)
    starts = range(0, max(len(rows), 1), n_rows)
    return pa.concat_batches([act(rows.slice(start, n_rows)) for start in starts])
