"""Decode one fragment into the source's schema; check it and, with a source, compare it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.blocks.block import rows_per_block
from ae_pipeline.columns import ErrorSums, count_lanes
from ae_pipeline.dataset import Fragment, open_fragment, pinned, proving
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.formats import FragmentFormat, require_footer
from ae_pipeline.fragments.byte_account import fragment_bytes
from ae_pipeline.fragments.compare import compare, feature_numbers, paired
from ae_pipeline.fragments.kept_promise import ENCODE_AGAIN, check_as_tight
from ae_pipeline.fragments.plans import DecodePlan
from ae_pipeline.fragments.schema_check import (
    check_source_form,
    check_source_schema,
    check_stored_schema,
)
from ae_pipeline.fragments.source_match import (
    blaming_right,
    blaming_source,
    find_original,
    read_original,
    schema_of,
    spare_source,
)
from ae_pipeline.parquet import Form, Write, table_writer
from ae_pipeline.publish import publishing
from ae_pipeline.results.dataset import FragmentResult
from ae_pipeline.storage import Footer, Part, damaged_footer
from ae_pipeline.store import place, using
from ae_pipeline.work import cpu_s

logger = logging.getLogger(__name__)

_MEND = f"{ENCODE_AGAIN}, or restore the file"


@dataclass(frozen=True)
class _Encoded:
    """An encoded fragment, its footers, and the format that reads it."""

    fragment: Fragment
    format: FragmentFormat
    footer: Footer
    metadata: pq.FileMetaData
    stored: pa.Schema

    @property
    def schema(self) -> pa.Schema:
        """Schema of the source fragment."""
        return self.footer.source_schema(self.format.schema, self.fragment.relative)

    @property
    def form(self) -> Form | None:
        """Form of the source file: what it states beyond its schema."""
        return self.footer.source_form(self.format.schema, self.fragment.relative)

    @property
    def unit(self) -> Literal["us", "ns"]:
        """Unit in which Arrow read the source's 96-bit timestamps."""
        form = self.form
        return "us" if form is None else form.int96

    @property
    def sizes(self) -> list[int]:
        """Rows of each row group."""
        groups = range(self.metadata.num_row_groups)
        return [self.metadata.row_group(group).num_rows for group in groups]

    def n_rows(self, part: Part) -> int:
        """Return the number of rows in a part of it."""
        return sum(size for _, size in part.groups_of(self.sizes, self.fragment.relative))


@dataclass(frozen=True)
class DecodeWork:
    """Decodes fragments of a plan, in this process or another one."""

    plan: DecodePlan

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders of the dataset, of its codecs, and of the source if there is one."""
        source = () if self.plan.source is None else (self.plan.source,)
        return (self.plan.encoded, *self.plan.codecs.values(), *source)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the fragments, which are sent one by one."""
        return {"plan": replace(self.plan, fragments=())}

    @property
    def makes(self) -> type[FragmentResult]:
        """Results."""
        return FragmentResult

    def open(self) -> Callable[[Fragment], FragmentResult]:
        """Load the codecs; errors as `open_format`."""
        return partial(decode_fragment, self.plan, self.plan.open_formats())


def decode_fragment(
    plan: DecodePlan, formats: Mapping[str, FragmentFormat], fragment: Fragment
) -> FragmentResult:
    """Reconstruct or only check one fragment, and measure its errors.

    Raises:
        AePipelineError: it is damaged, or differs from its source.
    """
    with using(fragment.path, fragment.version):
        if plan.source is None or fragment.relative in plan.retired:
            return _decode(plan, formats, fragment)
        source = place(plan.source) / fragment.relative
        with using(source, None):
            if not plan.proves:
                return _decode(plan, formats, fragment)
            with proving(source, fragment.path) as proof:
                return replace(_decode(plan, formats, fragment), proof=proof)


def _decode(
    plan: DecodePlan, formats: Mapping[str, FragmentFormat], fragment: Fragment
) -> FragmentResult:
    started = cpu_s()
    encoded = _open(formats, pinned(fragment))
    if fragment.relative in plan.promises:
        own = formats[plan.promises[fragment.relative]]
        check_as_tight(encoded.format, own, fragment.relative)
    original = find_original(
        plan.source, encoded.footer, encoded.fragment, plan.retired, plan.returned
    )
    if original is not None:
        original = replace(original, int96=encoded.unit)
    path = None if plan.destination is None else place(plan.destination) / fragment.relative
    if path is None:
        check_stored_schema(encoded.format, encoded.schema, encoded.stored, fragment.relative)
    else:
        spare_source(path, encoded.footer, fragment)
    schema = plan.part.schema_of(encoded.schema)
    form = _form_of(encoded, schema)
    writer = nullcontext(_discard) if path is None else _publishing_table(path, schema, form)
    with (
        blaming_right(original, encoded.footer, has_promise=encoded.format.has_promise),
        writer as write,
    ):
        if original is not None:
            check_source_schema(encoded.schema, schema_of(original), fragment.relative)
            with blaming_source(original):
                check_source_form(original, encoded.schema, encoded.form)
        errors = _copy(encoded, plan.part, original, write)
    result = _result(encoded, plan.part, path, errors)
    verb, told = ("verified", _largest(errors)) if path is None else ("decoded", _size(result))
    seconds = cpu_s() - started
    logger.info(
        "%s %s: %d rows, %s, %.2f CPU s", verb, fragment.relative, result.n_rows, told, seconds
    )
    return result


@contextmanager
def _publishing_table(path: Path, schema: pa.Schema, form: Form | None) -> Iterator[Write]:
    """Write a decoded file; it appears at `path` whole or not at all."""
    with publishing(path) as temporary, table_writer(temporary, schema, form=form) as write:
        yield write


def _form_of(encoded: _Encoded, schema: pa.Schema) -> Form | None:
    """Return the decoded file's form; `CorruptFragmentError` if it does not match the schema."""
    form = encoded.form
    if form is None:
        return None
    try:
        form = form.of(schema)
        form.physical(schema)
    except (LookupError, ValueError, pa.ArrowException) as error:
        raise damaged_footer(encoded.fragment.relative, error) from error
    return form


def _size(result: FragmentResult) -> str:
    return f"{result.decoded_bytes} bytes"


def _largest(errors: ErrorSums | None) -> str:
    """Return the largest error as a share of its tolerance, for a log line; 0 without rows."""
    if errors is None:
        return "not compared"
    return f"largest error {np.fmax.reduce(errors.to_tolerance, initial=0.0):.4g} of its tolerance"


def _open(formats: Mapping[str, FragmentFormat], fragment: Fragment) -> _Encoded:
    with _blaming_our_file(), open_fragment(fragment) as file:
        metadata, stored = file.metadata, file.schema_arrow
    footer = require_footer(metadata, fragment)
    if footer.codec_id not in formats:
        raise CorruptFragmentError(
            "its codec is missing",
            where=fragment.relative,
            expected=footer.codec_id,
            got=", ".join(formats),
            remedy=_MEND,
        )
    return _Encoded(fragment, formats[footer.codec_id], footer, metadata, stored)


def _result(
    encoded: _Encoded, part: Part, path: Path | None, errors: ErrorSums | None
) -> FragmentResult:
    fragment = encoded.fragment
    return FragmentResult(
        **vars(fragment_bytes(encoded.format, encoded.metadata, encoded.footer, fragment)),
        relative=fragment.relative,
        partition=fragment.partition,
        state="written",
        n_rows=encoded.n_rows(part),
        decoded_bytes=0 if path is None else path.stat().st_size,
        errors=errors,
    )


def _copy(
    encoded: _Encoded, part: Part, original: Fragment | None, write: Write
) -> ErrorSums | None:
    """Pass the reconstruction to `write`; return error sums, None without an original."""
    format, where = encoded.format, encoded.fragment.relative
    # Rows of long text make short row groups.
    width = sum(count_lanes(field.type) for field in format.schema.arrow)
    n_rows = min(rows_per_block(width), max(encoded.sizes, default=1) or 1)
    with closing(_counted(encoded, part, n_rows)) as decoded:
        if original is None:
            for records in decoded:
                write(records)
            return None
        truth = read_original(original, part, encoded.sizes, n_rows)
        sums = [ErrorSums.empty(len(feature_numbers(format, part.columns)))]
        for records, their_records in paired(decoded, truth, n_rows, where):
            write(records)
            sums.append(compare(format, records, their_records, where))
        return reduce(ErrorSums.merge, sums)


def _counted(
    encoded: _Encoded, part: Part, most_rows: int
) -> Generator[pa.RecordBatch, None, None]:
    """Decode in batches; `CorruptFragmentError` unless they have as many rows as the file."""
    n_rows = 0
    with _blaming_our_file():
        for records in encoded.format.read(encoded.fragment, encoded.footer, most_rows, part):
            n_rows += len(records)
            yield records
    expected = encoded.n_rows(part)
    if n_rows != expected:
        raise CorruptFragmentError(
            "row count differs from the file's",
            where=encoded.fragment.relative,
            expected=f"{expected} rows",
            got=str(n_rows),
            remedy=_MEND,
        )


@contextmanager
def _blaming_our_file() -> Iterator[None]:
    """Attribute damage found inside to the encoded file: readers do not know whose file they read.

    Wrap only the reading of that file: the source is read in step, and its damage is its own.
    """
    try:
        yield
    except CorruptFragmentError as error:
        raise CorruptFragmentError(
            error.what, where=error.where, expected=error.expected, got=error.got, remedy=_MEND
        ) from error


def _discard(records: pa.RecordBatch) -> None:
    """Drop decoded rows: verify writes nothing."""
