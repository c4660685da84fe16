"""Schemas of a dataset: the one that most fragments have, and the fragments that differ."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from ae_pipeline.columns import TableSchema, misfits, resolve_roles
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.dataset.fragment import Fragment
from ae_pipeline.dataset.source import Source
from ae_pipeline.errors import AePipelineError, SchemaMismatchError

logger = logging.getLogger(__name__)


def fittable(source: Source, columns: ColumnsConfig, like: TableSchema | None = None) -> Source:
    """Return the fragments to fit a codec to: readable, and with the same feature columns.

    Logs a warning for each of the others; encoding those fails later, one by one.

    Args:
        source: all fragments.
        columns: which columns are features.
        like: roles of columns that they must suit; None for those of most fragments.

    Raises:
        SourceError: no fragment is suitable; the error of the first.
        ConfigError: `columns` does not suit the source.
    """
    schemas: dict[Fragment, pa.Schema] = {}
    complaints: dict[Fragment, AePipelineError | OSError] = {}
    for fragment in source.fragments:
        try:
            schemas[fragment] = source.schema(fragment)
        except (AePipelineError, OSError) as error:
            complaints[fragment] = error
    if like is None and schemas:
        like = resolve_roles(_most_common(schemas.values()), columns, source.label)
    for fragment, schema in schemas.items():
        differences = [] if like is None else misfits(like, schema)
        if differences:
            complaints[fragment] = _mismatch(fragment, "those of most fragments", differences)
    left_out = [complaints[fragment] for fragment in source.fragments if fragment in complaints]
    if len(left_out) == len(source.fragments):
        raise left_out[0]
    for complaint in left_out:
        logger.warning("left out of the fit: %s", complaint)
    suited = tuple(fragment for fragment in source.fragments if fragment not in complaints)
    return replace(source, fragments=suited)


def typical_schema(source: Source) -> pa.Schema:
    """Return the schema that most fragments have; all must be readable.

    Raises:
        DuplicateColumnError: two columns of a fragment share a name.
        CorruptFragmentError: a fragment cannot be read.
    """
    return _most_common(map(source.schema, source.fragments))


def drifted_columns(source: Source) -> dict[str, tuple[str, ...]]:
    """Return the types of each column that some fragments lack or hold as another type."""
    kinds: dict[str, dict[str, int]] = {}
    for schema in map(source.schema, source.fragments):
        for field in schema:
            counts = kinds.setdefault(field.name, {})
            counts[str(field.type)] = counts.get(str(field.type), 0) + 1
    n_fragments = len(source.fragments)
    return {
        name: tuple(counts)
        for name, counts in kinds.items()
        if len(counts) > 1 or sum(counts.values()) < n_fragments
    }


def _most_common(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """Return the first schema of the largest group that agrees in names and types.

    Floats decide first: they may be features, which must be the same; other columns may drift.
    """
    found = list(schemas)
    for columns_of in (_floats_of, _columns_of):
        counts = Counter(map(columns_of, found))
        most = counts.most_common(1)[0][0]
        found = [schema for schema in found if columns_of(schema) == most]
    return found[0]


def _floats_of(schema: pa.Schema) -> tuple[tuple[str, str], ...]:
    return _columns_of(field for field in schema if pa.types.is_floating(field.type))


def _columns_of(fields: Iterable[pa.Field]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((field.name, str(field.type)) for field in fields))


def _mismatch(fragment: Fragment, expected: str, differences: Sequence[str]) -> SchemaMismatchError:
    return SchemaMismatchError(
        "columns differ between fragments",
        where=fragment.relative,
        expected=expected,
        got="; ".join(differences),
        remedy="give fragments of another schema a source of their own",
    )
