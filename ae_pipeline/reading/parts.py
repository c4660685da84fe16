"""Fragments as they are read in place: their own schema, and the rows of some row groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ae_pipeline.dataset import Fragment, open_footer, pinned, read_records
from ae_pipeline.formats import FragmentFormat, require_footer
from ae_pipeline.reading.codecs import Codecs
from ae_pipeline.reading.guarantees import Floats, of_bounds, of_parquet
from ae_pipeline.storage import Footer, Part

#: Rows of a batch, at most.
_BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class Opened:
    """A fragment whose footer is read.

    Args:
        fragment: tied to the file that it is now.
        metadata: of the file.
        stored: schema of the file.
    """

    fragment: Fragment
    metadata: pq.FileMetaData
    stored: pa.Schema

    @property
    def schema(self) -> pa.Schema:
        """Schema of its rows."""
        return self.stored

    @property
    def sizes(self) -> list[int]:
        """Rows of each row group."""
        groups = range(self.metadata.num_row_groups)
        return [self.metadata.row_group(number).num_rows for number in groups]

    def guarantees(self, schema: pa.Schema, floats: Floats) -> list[pc.Expression]:
        """Return what holds for all rows of each row group.

        Args:
            schema: of the dataset.
            floats: what bounds of floats may say.
        """
        return [
            of_parquet(self.metadata.row_group(number), schema, floats)
            for number in range(self.metadata.num_row_groups)
        ]

    def read(self, columns: Sequence[str], groups: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of row groups, in order.

        Args:
            columns: of its schema, at least one.
            groups: numbers of row groups, ascending.
        """
        yield from read_records(self.fragment, _BATCH_ROWS, list(columns), list(groups))


@dataclass(frozen=True)
class OpenedEncoded(Opened):
    """A fragment of an archive, decoded as it is read.

    Args:
        format: that reads it.
        footer: with the bounds of its coded columns.
    """

    format: FragmentFormat
    footer: Footer

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of the source fragment."""
        return self.footer.source_schema(self.format.schema, self.fragment.relative)

    def guarantees(self, schema: pa.Schema, floats: Floats) -> list[pc.Expression]:
        """Join what Parquet says of kept columns and what the footer says of coded ones."""
        kept = super().guarantees(schema, floats)
        coded = self.format.statistics(self.metadata, self.footer, self.fragment.relative)
        if not coded:
            return kept
        return [
            stated & of_bounds(bounds, schema, floats)
            for stated, bounds in zip(kept, coded, strict=True)
        ]

    def read(self, columns: Sequence[str], groups: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Decode the rows of row groups, in order; of each block only what columns need."""
        part = Part(frozenset(columns), tuple(groups))
        yield from self.format.read(self.fragment, self.footer, _BATCH_ROWS, part)


def opened(fragment: Fragment, codecs: Codecs | None) -> Opened:
    """Read the footer of a fragment.

    Args:
        fragment: to read.
        codecs: of an archive; None to read files as they are.

    Raises:
        CorruptFragmentError: it is damaged, or not of an archive.
        CodecError: its codec cannot be loaded.
        SourceNotFoundError: it is gone.
    """
    if fragment.version is None:
        fragment = pinned(fragment)
    with open_footer(fragment) as file:
        found = Opened(fragment, file.metadata, file.schema_arrow)
    if codecs is None:
        return found
    footer = require_footer(found.metadata, fragment)
    format = codecs.format(footer.codec_id)
    fragment = _with_unit(fragment, footer, format)
    return OpenedEncoded(fragment, found.metadata, found.stored, format, footer)


def _with_unit(fragment: Fragment, footer: Footer, format: FragmentFormat) -> Fragment:
    """Read timestamps of 96 bits in the unit of the source's."""
    form = footer.source_form(format.schema, fragment.relative)
    return fragment if form is None else replace(fragment, int96=form.int96)
