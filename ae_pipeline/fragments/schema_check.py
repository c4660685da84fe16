"""Checks that decoding gives the source's schema, and that the file still has its own."""

from __future__ import annotations

from itertools import zip_longest

import pyarrow as pa

from ae_pipeline.dataset import Fragment, opened
from ae_pipeline.errors import CorruptFragmentError, PromiseBrokenError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments.forms import describe_changes
from ae_pipeline.fragments.kept_promise import ENCODE_AGAIN
from ae_pipeline.parquet import Form, differing_columns, field_metadata


def check_source_schema(decoded: pa.Schema, source: pa.Schema, where: str) -> None:
    """Raise `PromiseBrokenError` unless both have the same fields in order and all metadata."""
    difference = _difference(source, decoded)
    if difference or (source.metadata or {}) != (decoded.metadata or {}):
        raise PromiseBrokenError(
            "schema differs from the source",
            where=where,
            got=difference or "other metadata of the schema",
            remedy=f"{ENCODE_AGAIN}; if its source was not rewritten, report this",
        )


def check_source_form(original: Fragment, decoded: pa.Schema, form: Form | None) -> None:
    """Raise `PromiseBrokenError` unless decode writes the Parquet schema that the source states.

    Args:
        original: source fragment.
        decoded: schema that decoding gives.
        form: what the archive kept of the source's form.
    """
    with opened(original) as file:
        changes = differing_columns(file, decoded, form)
    if changes:
        raise PromiseBrokenError(
            "Parquet schema differs from the source",
            where=original.relative,
            got=describe_changes(changes),
            remedy=f"{ENCODE_AGAIN}; if its source was not rewritten, report this",
        )


def check_stored_schema(
    format: FragmentFormat, decoded: pa.Schema, stored: pa.Schema, where: str
) -> None:
    """Raise `CorruptFragmentError` unless the file's columns are those that its codec stores.

    Args:
        format: format of the fragment's codec, whose id covers its schema.
        decoded: schema that decoding gives.
        stored: schema of the file.
        where: its path.
    """
    expected = format.stored_schema(decoded)
    difference = "" if expected is None else _difference(expected, stored)
    if difference:
        raise CorruptFragmentError(
            "columns of the file are not those that its codec stores",
            where=where,
            got=difference,
            remedy=f"{ENCODE_AGAIN}, or restore the file",
        )


def _difference(expected: pa.Schema, got: pa.Schema) -> str:
    """Describe the first difference in fields, their order or metadata; empty if there is none."""
    for number, (name, other) in enumerate(zip_longest(expected.names, got.names)):
        if name != other:
            return f"column {number} is {other or 'missing'}, not {name or 'none'}"
    for ours, theirs in zip(expected, got, strict=True):
        # Not `check_metadata=True`: that compares names inside maps, which Arrow makes up.
        if not ours.equals(theirs) or field_metadata(ours) != field_metadata(theirs):
            return f"column {theirs.name} is {_describe(theirs)}, not {_describe(ours)}"
    return ""


def _describe(field: pa.Field) -> str:
    nullable = "" if field.nullable else " not null"
    return f"{field.type}{nullable}" + (f" with {field.metadata}" if field.metadata else "")
