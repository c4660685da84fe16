"""Archives: one binary block per row group, with the kept columns beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64

from ae_pipeline.blocks import weight_of
from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec, WayChoice, save_archive_codec
from ae_pipeline.coding import Architecture, BlockStreams, Promise, Quantizer
from ae_pipeline.columns import TableSchema, resolve_roles
from ae_pipeline.config.effort import Effort
from ae_pipeline.config.job import EncodeJob, JobConfig
from ae_pipeline.dataset import Fragment, Source, read_paced, rebatch
from ae_pipeline.errors import ConfigError
from ae_pipeline.fitting import column_fidelity, fit_archive_codec
from ae_pipeline.formats.base import Conflicts, Facts, FragmentFormat
from ae_pipeline.formats.block_records import (
    BLOCK_COLUMN,
    archive_schema,
    with_block,
)
from ae_pipeline.formats.description import archive_column, archive_facts
from ae_pipeline.formats.row_groups import compose_group, decode_block, stored_groups
from ae_pipeline.formats.statistics import Statistics, StatisticsWriter, read_statistics
from ae_pipeline.parquet import block_writer, check_keepable, column_bytes
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import WHOLE, Footer, Kind, Part, damaged_footer
from ae_pipeline.work import ordered_ahead

#: Rows of long text make shorter blocks, so that memory stays flat.
_BLOCK_BYTES = 1 << 27


@dataclass(frozen=True)
class ArchiveFormat(FragmentFormat):
    """Encodes within the tolerances of its codec and decodes the same bits everywhere.

    Args:
        codec: schema, tolerances and, where it pays, a network.
        effort: how hard blocks are made small.
    """

    codec: ArchiveCodec
    effort: Effort = "small"

    kind: ClassVar[Kind] = "archive"
    label: ClassVar[str] = "archive"
    verb: ClassVar[str] = "encode"
    has_promise: ClassVar[bool] = True
    reads_as_source: ClassVar[bool] = True

    @classmethod
    def extra_of(cls, job: JobConfig) -> dict[str, str]:
        """Nothing: the codec decides everything."""
        return {}

    @classmethod
    def wrap(cls, codec: ArchiveCodec, extra: Mapping[str, str]) -> ArchiveFormat:
        """Return the format of a codec."""
        return cls(codec)

    @classmethod
    def fit(
        cls,
        job: JobConfig,
        source: Source,
        checkpoint: Path,
        progress: Progress,
        before_training: Callable[[], object],
    ) -> ArchiveFormat:
        """Fit a codec; errors as `fit_archive_codec`."""
        codec = fit_archive_codec(
            job, source, checkpoint, progress, before_training=before_training
        )
        return cls(codec)

    def with_effort(self, effort: Effort) -> ArchiveFormat:
        """Return the format that writes with this effort."""
        return replace(self, effort=effort)

    @classmethod
    def check_names(cls, roles: TableSchema, extra: Mapping[str, str]) -> None:
        """Raise `ConfigError` if the source has a column of the block's name."""
        if BLOCK_COLUMN in roles.arrow.names:
            raise ConfigError(
                "a column has the name of the one that encode adds",
                where=BLOCK_COLUMN,
                remedy="rename it in the source",
            )

    @classmethod
    def roles(cls, arrow: pa.Schema, job: JobConfig, where: str, like: TableSchema) -> TableSchema:
        """Return the columns that keep a promise; errors as `resolve_roles`."""
        return resolve_roles(arrow, job.columns, where)

    @property
    def codec_id(self) -> str:
        """Id of the codec in use."""
        return self.codec.id

    @property
    def schema(self) -> TableSchema:
        """Schema and roles of the source that the codec was fitted to."""
        return self.codec.schema

    @property
    def provenance(self) -> Provenance:
        """Where the codec came from."""
        return self.codec.provenance

    @property
    def error_scale(self) -> Float64[np.ndarray, "features"]:
        """Standard deviation of each column when the codec was fitted."""
        return self.codec.std

    @property
    def extra(self) -> dict[str, str]:
        """Nothing: the codec decides everything."""
        return {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every value keeps its promise, but an old codec may have no choice of ways."""
        if self.effort == "small" or self.codec.provenance.ways:
            return ()
        told = (
            "is of a release without efforts and encodes with all of it: fit another to be faster"
        )
        return (f"codec {self.codec_id} {told}",)

    @property
    def quantizers(self) -> tuple[Quantizer, ...]:
        """Grid and promise of each feature column."""
        return self.codec.quantizers

    @property
    def architecture(self) -> Architecture | None:
        """Shape of the network, if there is one."""
        return None if self.codec.network is None else self.codec.network.architecture

    @property
    def n_constant(self) -> int:
        """Feature columns that did not vary when the codec was fitted."""
        return int((self.codec.std == 0).sum())

    @property
    def drift_reference(self) -> ArchiveCodec:
        """The codec itself: its plan says how many bytes it expects per row."""
        return self.codec

    def fidelity(self) -> tuple[ColumnFidelity, ...]:
        """Return how much of each feature column the promise preserves."""
        return column_fidelity(self.codec)

    def conflicts(self, job: EncodeJob) -> Conflicts:
        """Return tolerances that the job asks for but the codec was not fitted with."""
        if not job.tolerance.model_fields_set - {"accept_flattened"}:
            return {}
        return {"tolerance": (job.tolerance.shaping(), self.codec.provenance.tolerance)}

    def facts(self) -> Facts:
        """Describe the codec for `inspect`."""
        return archive_facts(self.codec)

    def describe_column(self, number: int) -> InspectedColumn:
        """Describe one feature column for `inspect`."""
        return archive_column(self.codec, number)

    def save(self, directory: Path) -> None:
        """Write the codec; errors as `save_archive_codec`."""
        save_archive_codec(self.codec, directory)

    def stored_schema(self, decoded: pa.Schema) -> pa.Schema:
        """Return the kept columns and the block."""
        return archive_schema(decoded, self.codec.coded_in(decoded))

    def stored_parts(self, leaves: Mapping[str, int], footer: Footer) -> dict[str, int]:
        """Return the stored bytes of the blocks."""
        return {"blocks": column_bytes(leaves, BLOCK_COLUMN)}

    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Write the encoded fragment, its bytes by part in the footer."""
        coded = self.codec.coded_in(arrow)
        names = [name for name in arrow.names if name in coded]
        schema = archive_schema(arrow, coded)
        ledger: Counter[str] = Counter()
        raw_bytes = 0
        metadata: dict[str, str] = {}
        statistics = StatisticsWriter(arrow, self._promises(coded))
        form = footer.source_form(self.codec.schema, fragment.relative)
        with (
            block_writer(path, schema, BLOCK_COLUMN, metadata, form) as write,
            closing(ordered_ahead(self._blocks_of(fragment), self._encode)) as encoded,
        ):
            for records, block, content in encoded:
                raw_bytes += weight_of(records.select(names))
                ledger.update(block.ledger())
                statistics.add(records, len(content))
                write(with_block(records, content, schema))
            told = replace(
                footer,
                ledger=dict(+ledger),
                raw_bytes=raw_bytes,
                statistics=statistics.to_text(),
            )
            metadata.update(told.to_metadata())
        return ()

    def _blocks_of(self, fragment: Fragment) -> Iterator[pa.RecordBatch]:
        """Read the rows of each block; errors as `read_paced` and `check_keepable`."""
        n_rows, n_done = self.codec.block_rows, 0
        read = read_paced(fragment, n_rows, _BLOCK_BYTES)
        for records in rebatch(read, n_rows, _BLOCK_BYTES):
            check_keepable(records, fragment.relative, n_done)
            n_done += len(records)
            yield records

    def _encode(self, records: pa.RecordBatch) -> tuple[pa.RecordBatch, BlockStreams, bytes]:
        """Return the rows of a block, their block, and its bytes."""
        block = self.codec.encode(records, choice=self._choice)
        return records, block, block.to_bytes()

    @cached_property
    def _choice(self) -> WayChoice:
        return self.codec.choice(self.effort)

    def _promises(self, coded: Collection[str]) -> dict[str, Promise]:
        """Return the promise of each coded column; those that are no features are exact."""
        own = dict(zip(self.codec.schema.features, self.codec.promises, strict=True))
        return {name: own.get(name, Promise()) for name in coded}

    def statistics(self, metadata: pq.FileMetaData, footer: Footer, where: str) -> list[Statistics]:
        """Return the bounds of coded columns in each row group of a fragment, by name.

        Raises:
            CorruptFragmentError: they are damaged.
        """
        schema = footer.source_schema(self.codec.schema, where)
        try:
            return read_statistics(footer.statistics, schema, metadata.num_row_groups)
        except ValueError as error:
            raise damaged_footer(where, error) from error

    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Decode the source's columns, in its schema and order, at most `n_rows` at a time.

        Raises:
            CorruptFragmentError: a block is absent or damaged.
            ConfigError: a row group of `part` does not exist.
        """
        schema = part.schema_of(footer.source_schema(self.codec.schema, fragment.relative))
        stored = self._stored(part, schema)
        wanted = self.codec.coded_in(schema).intersection(schema.names)
        groups = stored_groups(fragment, part, n_rows, stored)
        with closing(ordered_ahead(groups, partial(decode_block, self.codec, wanted))) as decoded:
            for group, coded in decoded:
                yield from compose_group(group, coded, schema)

    def _stored(self, part: Part, schema: pa.Schema) -> list[str] | None:
        """Return the archive's columns that the wanted ones are decoded from; None for all."""
        if part.columns is None:
            return None
        coded = self.codec.coded_in(schema)
        kept = [name for name in schema.names if name not in coded]
        return kept if len(kept) == len(schema) else [*kept, BLOCK_COLUMN]
