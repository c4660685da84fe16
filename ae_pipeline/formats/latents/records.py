"""Source records to features records, and back into their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Shaped, UInt8

from ae_pipeline.blocks.missing import pack_missing, unpack_missing
from ae_pipeline.codec.features import EXACT, LatentRounding
from ae_pipeline.columns import TableSchema
from ae_pipeline.errors import ConfigError, CorruptFragmentError
from ae_pipeline.formats.latents.errors import ERROR_COLUMN, ERRORS_COLUMN, error_fields
from ae_pipeline.inputs import EXACT_COLUMN, ExactValues, pack_exact

MISSING_COLUMN = "ae:missing"


@dataclass(frozen=True)
class FeaturesRecord:
    """Rows of a features fragment, taken apart."""

    kept: dict[str, pa.Array]
    exact: pa.Array | None
    latents: Float32[np.ndarray, "rows latent"]
    missing: UInt8[np.ndarray, "features rows"] | None


def features_schema(
    source: pa.Schema,
    roles: TableSchema,
    latent_dim: int,
    latent_column: str,
    rounding: LatentRounding = EXACT,
    *,
    keeps_exact: bool = False,
    with_error: bool = False,
) -> pa.Schema:
    """Return a schema of kept columns in their order, then latents, missing and exact values.

    Errors come last.

    Every column that is not a feature is kept: fragments may have kept columns of their own.
    `rounding` decides the type of latents.
    """
    features = set(roles.features)
    latents = pa.list_(pa.field("element", rounding.arrow_type, nullable=False), latent_dim)
    return pa.schema(
        [field for field in source if field.name not in features]
        + [
            pa.field(latent_column, latents, nullable=False, metadata=rounding.metadata),
            pa.field(MISSING_COLUMN, pa.binary()),
        ]
        + [pa.field(EXACT_COLUMN, pa.binary())] * keeps_exact
        + error_fields(roles.features) * with_error
    )


def check_new_names(roles: TableSchema, latent_column: str, *, with_error: bool = False) -> None:
    """Raise `ConfigError` if a kept column has the name of one that encode adds."""
    added = (MISSING_COLUMN, EXACT_COLUMN, *(ERROR_COLUMN, ERRORS_COLUMN) * with_error)
    for name in (latent_column, *added):
        if name in roles.kept or latent_column in added:
            raise ConfigError(
                "a kept column has the name of a new one",
                where=name,
                remedy="choose another name with latent_column",
            )


def compose_records(
    records: pa.RecordBatch,
    latents: Float32[np.ndarray, "rows latent"],
    missing: UInt8[np.ndarray, "features rows"] | None,
    schema: pa.Schema,
    rounding: LatentRounding = EXACT,
    exact: ExactValues | None = None,
    errors: Sequence[pa.Array] = (),
) -> pa.RecordBatch:
    """Compose rows of a features fragment from source rows and their encoding.

    `errors` are columns of errors, if the schema has them.
    """
    n_rows, n_added = len(records), (2 if exact is None else 3) + len(errors)
    *kept, latent_field = list(schema)[: len(schema) + 1 - n_added]
    columns = [records.column(field.name) for field in kept]
    vectors = pa.FixedSizeListArray.from_arrays(
        pa.array(rounding.pack(latents).ravel()), type=latent_field.type
    )
    columns += [vectors, pack_missing(missing, n_rows)]
    if exact is not None:
        columns.append(pack_exact(exact, n_rows))
    return pa.RecordBatch.from_arrays([*columns, *errors], schema=schema)


def split_records(
    records: pa.RecordBatch,
    latent_column: str,
    latent_dim: int,
    n_features: int,
    where: str,
    rounding: LatentRounding = EXACT,
    *,
    keeps_exact: bool = False,
) -> FeaturesRecord:
    """Take rows apart again: the inverse of `compose_records`.

    Unless the codec keeps exact values, a column of their name is the source's own.

    Raises:
        CorruptFragmentError: a latent or missing-value column is absent or malformed.
    """
    try:
        latents = rounding.unpack(_numbers(records.column(latent_column), latent_dim))
        missing = unpack_missing(records.column(MISSING_COLUMN), n_features)
    except (KeyError, ValueError, pa.ArrowException) as error:
        raise CorruptFragmentError(
            "not a whole features fragment", where=where, got=str(error), remedy="encode it again"
        ) from error
    others = {latent_column, MISSING_COLUMN, *([EXACT_COLUMN] if keeps_exact else [])}
    has_exact = keeps_exact and EXACT_COLUMN in records.schema.names
    return FeaturesRecord(
        kept={name: records.column(name) for name in records.schema.names if name not in others},
        exact=records.column(EXACT_COLUMN) if has_exact else None,
        latents=latents,
        missing=missing,
    )


def _numbers(column: pa.Array, latent_dim: int) -> Shaped[np.ndarray, "rows latent"]:
    """Return vectors from any list type: other tools rewrite fixed-size lists as plain ones."""
    numbers = column.flatten().to_numpy(zero_copy_only=False)
    if column.null_count or numbers.size != len(column) * latent_dim:
        raise ValueError(f"latents are not {latent_dim} numbers in every row")
    if not np.issubdtype(numbers.dtype, np.integer):
        numbers = numbers.astype(np.float32, copy=False)
    return numbers.reshape(len(column), latent_dim)
