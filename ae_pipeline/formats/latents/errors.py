"""Columns of errors beside the latents: that of the whole row, and those of its values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Float64

ERROR_COLUMN = "ae:error"
ERRORS_COLUMN = "ae:errors"


def error_fields(features: Sequence[str]) -> list[pa.Field]:
    """Return the fields of the row's error and of a struct of the errors of its features."""
    own = pa.struct([pa.field(name, pa.float32()) for name in features])
    return [
        pa.field(ERROR_COLUMN, pa.float32(), nullable=False),
        pa.field(ERRORS_COLUMN, own, nullable=False),
    ]


def error_arrays(
    errors: Float64[np.ndarray, "features rows"], features: Sequence[str]
) -> list[pa.Array]:
    """Return the columns of `error_fields`; an error that is NaN is null and counts 0.

    Args:
        errors: of each feature and row, NaN where there is none.
        features: names of the features.
    """
    is_absent = np.isnan(errors)
    known = np.where(is_absent, 0.0, errors)
    own = [pa.array(_single(row), mask=mask) for row, mask in zip(known, is_absent, strict=True)]
    fields = list(error_fields(features)[1].type)
    return [pa.array(_single(known.sum(axis=0))), pa.StructArray.from_arrays(own, fields=fields)]


def _single(errors: Float64[np.ndarray, "rows"]) -> Float32[np.ndarray, "rows"]:
    """Round to float32; what is too large is the largest finite one."""
    return np.minimum(errors, float(np.finfo(np.float32).max)).astype(np.float32)
