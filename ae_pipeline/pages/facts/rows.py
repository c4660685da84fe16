"""Rows of the source beside what they decode to: a run of them to look at, and errors of a sample.

Verification compares every value; this is for the eye, and reads a few fragments.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64

from ae_pipeline.dataset import Fragment, open_footer, pinned, read_records
from ae_pipeline.errors import AePipelineError
from ae_pipeline.formats import FragmentFormat, require_footer
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.storage import Part
from ae_pipeline.store import place, using

#: Rows that are drawn, columns that are, and rows of each fragment whose errors are counted.
_RUN, _COLUMNS, _ROWS = 200, 6, 8192
#: Fragments that are read.
_FRAGMENTS = 6
#: Columns beside those that are drawn, which help to know a row: keys, times, names.
_BESIDE = 3


@dataclass(frozen=True)
class ComparedColumn:
    """A run of rows of one column; nulls are NaN.

    Args:
        name: column name.
        source: values of the source.
        decoded: what they decode to.
    """

    name: str
    source: Float64[np.ndarray, "rows"]
    decoded: Float64[np.ndarray, "rows"]


@dataclass(frozen=True)
class RowSample:
    """Rows beside what they decode to.

    Args:
        fragment: path of the file whose first rows these are.
        columns: runs of the columns of which least is kept.
        beside: columns that are told but not drawn.
        source: rows of the source.
        decoded: the same rows, decoded.
        errors: of each value in a larger sample, in units of what is promised for it or, without
            a promise, of the column's standard deviation.
        n_rows: rows of that sample.
    """

    fragment: str
    columns: tuple[ComparedColumn, ...]
    beside: tuple[str, ...]
    source: pa.RecordBatch
    decoded: pa.RecordBatch
    errors: dict[str, Float64[np.ndarray, "values"]]
    n_rows: int


def sample_rows(plan: DecodePlan, features: Sequence[str]) -> RowSample | None:
    """Read rows of a few fragments.

    Args:
        plan: of a verification against a source; fragments that cannot be read are passed over.
        features: feature columns, those of which least is kept first.

    Returns:
        The sample, or None where there is nothing to compare.
    """
    pairs = list(_pairs(plan, features))
    pairs = [pair for pair in pairs if len(pair[2])]
    if not pairs:
        return None
    fragment, _, source, decoded = pairs[0]
    drawn = [name for name in _numeric(source, features) if _has_values(source, decoded, name)]
    errors: dict[str, list[Float64[np.ndarray, "values"]]] = {}
    for _, format, ours, theirs in pairs:
        for name, values in _errors(format, ours, theirs):
            errors.setdefault(name, []).append(values)
    return RowSample(
        fragment=fragment.relative,
        columns=tuple(
            ComparedColumn(
                name, numbers(source[name].slice(0, _RUN)), numbers(decoded[name].slice(0, _RUN))
            )
            for name in drawn[:_COLUMNS]
        ),
        beside=tuple(name for name in source.schema.names if name not in set(features))[:_BESIDE],
        source=source.slice(0, _RUN),
        decoded=decoded.slice(0, _RUN),
        errors={name: np.concatenate(parts) for name, parts in errors.items()},
        n_rows=sum(len(pair[2]) for pair in pairs),
    )


def _has_values(source: pa.RecordBatch, decoded: pa.RecordBatch, name: str) -> bool:
    """Whether a run of a column has anything to draw."""
    return name in decoded.schema.names and source[name].slice(0, _RUN).null_count < min(
        len(source), _RUN
    )


def numbers(values: pa.Array) -> Float64[np.ndarray, "rows"]:
    """Return numbers as float64, nulls as NaN."""
    found = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(found, np.float64)


def _pairs(
    plan: DecodePlan, features: Sequence[str]
) -> Iterator[tuple[Fragment, FragmentFormat, pa.RecordBatch, pa.RecordBatch]]:
    """Yield a fragment, its format, rows of the source, and the same rows decoded."""
    step = max(1, len(plan.fragments) // _FRAGMENTS)
    for fragment in plan.fragments[::step][:_FRAGMENTS]:
        original = place(plan.source or "") / fragment.relative
        if not original.is_file():
            continue
        with suppress(AePipelineError, OSError, pa.ArrowException):
            with using(fragment.path, fragment.version), using(original, None):
                pair = _pair(plan, pinned(fragment), features)
            if pair is not None:
                yield fragment, *pair


def _pair(
    plan: DecodePlan, fragment: Fragment, features: Sequence[str]
) -> tuple[FragmentFormat, pa.RecordBatch, pa.RecordBatch] | None:
    path = place(plan.source or "") / fragment.relative
    original = pinned(Fragment(path, fragment.relative, path.stat().st_size))
    with open_footer(fragment) as file:
        footer = require_footer(file.metadata, fragment)
    format = plan.open_formats()[footer.codec_id]
    names = footer.source_schema(format.schema, fragment.relative).names
    beside = [name for name in names if name not in set(features)][:_BESIDE]
    wanted = [name for name in names if name in {*features, *beside}]
    part = Part(columns=frozenset(wanted))
    decoded = _first(format.read(fragment, footer, _ROWS, part))
    source = _first(read_records(original, _ROWS, wanted))
    if decoded is None or source is None:
        return None
    n_rows = min(len(source), len(decoded))
    return format, source.slice(0, n_rows), decoded.slice(0, n_rows)


def _first(batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
    """Return the first batch, and let go of the file."""
    first = next(batches, None)
    if isinstance(batches, Generator):
        batches.close()
    return first


def _numeric(records: pa.RecordBatch, names: Sequence[str]) -> list[str]:
    kinds = {field.name: field.type for field in records.schema}
    return [
        name
        for name in names
        if name in kinds and (pa.types.is_floating(kinds[name]) or pa.types.is_integer(kinds[name]))
    ]


def _errors(
    format: FragmentFormat, source: pa.RecordBatch, decoded: pa.RecordBatch
) -> Iterator[tuple[str, Float64[np.ndarray, "values"]]]:
    """Yield the errors of each feature column that may have any, in units of its promise."""
    for name in _numeric(source, format.schema.features):
        truth, values = numbers(source[name]), numbers(decoded[name])
        number = format.schema.features.index(name)
        unit = np.full(len(truth), format.error_scale[number])
        if format.quantizers:
            unit = format.quantizers[number].promise.allowed(truth)
        with np.errstate(all="ignore"):
            error = (values - truth) / unit
        is_known = np.isfinite(error) & (unit > 0)
        if is_known.any():
            yield name, error[is_known]
