"""Features datasets: one latent vector per row beside the kept columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.blocks.block import rows_per_block
from ae_pipeline.codec import Provenance
from ae_pipeline.codec.features import FeaturesCodec, row_errors, save_features_codec
from ae_pipeline.coding import Architecture, Quantizer
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import EncodeJob, JobConfig
from ae_pipeline.dataset import Fragment, Source, open_fragment, read_paced
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.fitting import fit_codec
from ae_pipeline.formats.base import Conflicts, Facts, FragmentFormat
from ae_pipeline.formats.description import features_column, features_facts
from ae_pipeline.formats.latents.errors import ERROR_COLUMN, ERRORS_COLUMN, error_arrays
from ae_pipeline.formats.latents.records import (
    MISSING_COLUMN,
    check_new_names,
    compose_records,
    features_schema,
    split_records,
)
from ae_pipeline.inputs import (
    EXACT_COLUMN,
    ExactValues,
    lane_kinds,
    learnable_roles,
    unpack_exact,
)
from ae_pipeline.parquet import check_keepable, column_bytes, table_writer
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import WHOLE, Footer, Kind, Part, read_bounded
from ae_pipeline.work import ordered_ahead

LATENT_KEY = "latent_column"
ERROR_KEY = "with_error"
_TRUE = "true"
#: Fewer rows of long text are encoded at a time, so that row groups stay short.
_BATCH_BYTES = 1 << 27
#: What comes of values of a column that was constant when its codec was fitted.
_LOST = "it decodes to the constant"
_KEPT_EXACTLY = "its values are stored one by one; a new fit can learn them"


@dataclass(frozen=True)
class FeaturesFormat(FragmentFormat):
    """Encodes to latents and decodes from them; lossy, without a promise per value.

    Args:
        codec: networks and schema.
        latent_column: name of the latent column in what is written.
        with_error: whether the errors of rows are written beside their latents.
    """

    codec: FeaturesCodec
    latent_column: str = "latent"
    with_error: bool = False

    kind: ClassVar[Kind] = "features"
    label: ClassVar[str] = "features dataset"
    verb: ClassVar[str] = "features"
    has_promise: ClassVar[bool] = False
    reads_as_source: ClassVar[bool] = False

    @classmethod
    def extra_of(cls, job: JobConfig) -> dict[str, str]:
        """Return the name of the latent column, and whether there are errors."""
        return _extra(job.latent_column, with_error=job.with_error)

    @classmethod
    def wrap(cls, codec: FeaturesCodec, extra: Mapping[str, str]) -> FeaturesFormat:
        """Return the format; when decoding, the latent column's name comes from each footer."""
        return cls(codec, extra.get(LATENT_KEY, ""), extra.get(ERROR_KEY) == _TRUE)

    @classmethod
    def fit(
        cls,
        job: JobConfig,
        source: Source,
        checkpoint: Path,
        progress: Progress,
        before_training: Callable[[], object],
    ) -> FeaturesFormat:
        """Fit a codec; errors as `fit_codec`."""
        before_training()
        codec = fit_codec(job, source, checkpoint, progress)
        return cls(codec, job.latent_column, job.with_error)

    @classmethod
    def check_names(cls, roles: TableSchema, extra: Mapping[str, str]) -> None:
        """Raise `ConfigError` if a kept column has the name of one that encode adds."""
        check_new_names(roles, extra[LATENT_KEY], with_error=ERROR_KEY in extra)

    @classmethod
    def roles(cls, arrow: pa.Schema, job: JobConfig, where: str, like: TableSchema) -> TableSchema:
        """Return the columns that would be learned; errors as `learnable_roles`."""
        return learnable_roles(arrow, job.columns, where, like.features)

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
        """The name of the latent column, and whether there are errors."""
        return _extra(self.latent_column, with_error=self.with_error)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about columns whose rare values are lost, as the fit found them."""
        return tuple(map(str, self.codec.provenance.rare))

    @property
    def quantizers(self) -> tuple[Quantizer, ...]:
        """Empty: latents promise nothing about single values."""
        return ()

    @property
    def categories(self) -> frozenset[str]:
        """Names of the columns of categories."""
        lanes = self.codec.schema.lanes
        return frozenset(lanes[lane] for lane in self.codec.categories)

    @property
    def texts(self) -> tuple[str, ...]:
        """Names of the columns of text."""
        return tuple(self.codec.texts)

    @property
    def width(self) -> int:
        """Values of a row in memory: columns, and terms."""
        n_terms = sum(text.width for text in self.codec.texts.values())
        return len(self.codec.schema.arrow) + n_terms

    @property
    def architecture(self) -> Architecture:
        """Shape of the networks."""
        return self.codec.architecture

    @property
    def n_constant(self) -> int:
        """Feature columns that decode to a constant."""
        return int(self.codec.is_constant.sum())

    @property
    def drift_reference(self) -> None:
        """None: a features codec expects no bytes per row."""
        return

    def fidelity(self) -> tuple[ColumnFidelity, ...]:
        """Return nothing: there is no promise."""
        return ()

    def conflicts(self, job: EncodeJob) -> Conflicts:
        """Return the bottleneck's width and the latents' type where the job asks for others."""
        wanted, asked = job.network.latent_dim, job.latent.model_fields_set
        found: Conflicts = {"latent.type": (job.latent.type, self.codec.rounding.kind)}
        return {
            **({} if wanted is None else {"network.latent_dim": (wanted, self.codec.latent_dim)}),
            **(found if "type" in asked else {}),
        }

    def facts(self) -> Facts:
        """Describe the codec for `inspect`."""
        return features_facts(self.codec)

    def describe_column(self, number: int) -> InspectedColumn:
        """Describe one feature column for `inspect`."""
        return features_column(self.codec, number)

    def save(self, directory: Path) -> None:
        """Write the codec; errors as `save_features_codec`."""
        save_features_codec(self.codec, directory)

    def stored_schema(self, decoded: pa.Schema) -> None:
        """Return None: other tools rewrite vectors as plain lists."""
        return

    def stored_parts(self, leaves: Mapping[str, int], footer: Footer) -> dict[str, int]:
        """Return the stored bytes of the latents and of the missing values."""
        return {
            "latents": column_bytes(leaves, footer.extra[LATENT_KEY]),
            "missing": column_bytes(leaves, MISSING_COLUMN),
            **self._exact_bytes(leaves),
            **_error_bytes(leaves, footer),
        }

    def _exact_bytes(self, leaves: Mapping[str, int]) -> dict[str, int]:
        if not self.codec.keeps_exact:
            return {}
        return {"exact values": column_bytes(leaves, EXACT_COLUMN)}

    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Write a fragment's features; warn of constants that vary, unless the fit already did."""
        codec = self.codec
        schema = self.encoded_schema(arrow)
        varying: set[str] = set()
        told = {column.name for column in codec.provenance.rare}
        encode = partial(self.encode_records, schema)
        with (
            table_writer(path, schema, footer.to_metadata()) as write,
            closing(ordered_ahead(_rows_of(fragment, self.width), encode)) as encoded,
        ):
            for records, names in encoded:
                varying |= names
                write(records)
        told_of = _KEPT_EXACTLY if codec.keeps_exact else _LOST
        return tuple(
            f"{fragment.relative}: column {name} was constant when the codec was fitted and is "
            f"not here; {told_of}"
            for name in codec.schema.features
            if name in varying - told
        )

    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Reconstruct the source's columns, in its schema and order."""
        schema = part.schema_of(footer.source_schema(self.codec.schema, fragment.relative))
        with open_fragment(fragment) as file:
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        wanted = [group for group, _ in part.groups_of(sizes, fragment.relative)]
        stored = chain.from_iterable(
            read_bounded(fragment, group, max(n_rows, 1)) for group in wanted
        )
        decode = partial(self.decode_records, footer.extra[LATENT_KEY], schema, fragment.relative)
        with closing(ordered_ahead(stored, decode)) as decoded:
            yield from decoded

    def encoded_schema(self, source: pa.Schema) -> pa.Schema:
        """Return the schema that the rows of a source have once they are encoded."""
        codec = self.codec
        return features_schema(
            source,
            codec.schema,
            codec.latent_dim,
            self.latent_column,
            codec.rounding,
            keeps_exact=codec.keeps_exact,
            with_error=self.with_error,
        )

    def decode_records(
        self, latent_column: str, schema: pa.Schema, where: str, records: pa.RecordBatch
    ) -> pa.RecordBatch:
        """Decode some rows of a features dataset.

        Args:
            latent_column: name of the latent column.
            schema: of the result.
            where: the rows are from, for messages.
            records: rows as `encode_records` returns them, in any order of columns.

        Raises:
            CorruptFragmentError: a column is missing or malformed.
        """
        codec, features = self.codec, self.codec.schema.features
        n_lanes = len(codec.schema.lanes)
        parts = split_records(
            records,
            latent_column,
            codec.latent_dim,
            n_lanes,
            where,
            codec.rounding,
            keeps_exact=codec.keeps_exact,
        )
        exact = _exact_values(parts.exact, codec, where)
        arrays = codec.write(codec.decode(parts.latents, parts.missing), exact)
        columns = {**parts.kept, **dict(zip(features, arrays, strict=True))}
        return _ordered(columns, schema, where)

    def encode_records(
        self, schema: pa.Schema, records: pa.RecordBatch
    ) -> tuple[pa.RecordBatch, set[str]]:
        """Return rows of a features dataset, and the names of constants that vary in them.

        Args:
            schema: of the result, as `features_schema` makes it.
            records: rows of a source, which `check_schema` has let pass.
        """
        codec = self.codec
        block = codec.read(records)
        exact = codec.exact_values(records, block)
        differs = codec.differs_from_constant(block)
        pairs = zip(codec.schema.features, codec.schema.spans, strict=True)
        varying = {name for name, span in pairs if differs[span.start : span.stop].any()}
        latents = codec.encode(block, codec.bags(records))
        errors: list[pa.Array] = []
        if self.with_error:
            errors = error_arrays(row_errors(codec, block, latents), codec.schema.features)
        encoded = compose_records(
            records, latents, block.missing, schema, codec.rounding, exact, errors
        )
        return encoded, varying


def _extra(latent_column: str, *, with_error: bool) -> dict[str, str]:
    return {LATENT_KEY: latent_column, **({ERROR_KEY: _TRUE} if with_error else {})}


def _error_bytes(leaves: Mapping[str, int], footer: Footer) -> dict[str, int]:
    if ERROR_KEY not in footer.extra:
        return {}
    own = (name for name in leaves if name.split(".")[0] in (ERROR_COLUMN, ERRORS_COLUMN))
    return {"errors of rows": sum(leaves[name] for name in own)}


def _exact_values(packed: pa.Array | None, codec: FeaturesCodec, where: str) -> ExactValues | None:
    """Read the exact values of some rows; `CorruptFragmentError` if they are malformed or lost."""
    if not codec.keeps_exact:
        return None
    try:
        if packed is None:
            raise ValueError(f"no column {EXACT_COLUMN}")
        return unpack_exact(packed, lane_kinds(codec.schema))
    except ValueError as error:
        raise CorruptFragmentError(
            "not a whole features fragment", where=where, got=str(error), remedy="encode it again"
        ) from error


def _rows_of(fragment: Fragment, width: int) -> Iterator[pa.RecordBatch]:
    """Read the rows that are encoded at a time; errors as `read_paced` and `check_keepable`."""
    n_done = 0
    for records in read_paced(fragment, rows_per_block(width), _BATCH_BYTES):
        check_keepable(records, fragment.relative, n_done)
        n_done += len(records)
        yield records


def _ordered(columns: dict[str, pa.Array], schema: pa.Schema, where: str) -> pa.RecordBatch:
    """Return columns in the source's order; `CorruptFragmentError` if one is missing or unfit."""
    try:
        return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
    except (KeyError, pa.ArrowException) as error:
        raise CorruptFragmentError(
            "columns are not those of the source",
            where=where,
            got=str(error),
            remedy="encode it again",
        ) from error
