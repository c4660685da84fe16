"""The mapping of a column, from a sample of its values: who fits which types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
from pyarrow import types

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.extension import ExtensionMapping
from ae_pipeline.mapping.plain import fit_whole
from ae_pipeline.mapping.scalar.float_fit import fit_floats
from ae_pipeline.mapping.scalar.integers import fit_integers
from ae_pipeline.mapping.scalar.unscaled import is_unscaled

#: Takes the name of a column, a sample of it and rows of the archive per row of the sample.
Fit: TypeAlias = Callable[[str, pa.Array, float], Mapping]


def _is_extension(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType)


def _fit_extension(column: str, sample: pa.Array, share: float) -> Mapping:
    return ExtensionMapping(column, sample.type, fit_mapping(column, sample.storage, share))


#: The first whose test a type passes fits the mapping. Fits of nested types take `fit_mapping`.
_FITS: tuple[tuple[Callable[[pa.DataType], bool], Fit], ...] = (
    (_is_extension, _fit_extension),
    (is_unscaled, fit_integers),
    (types.is_floating, fit_floats),
)


def fit_mapping(column: str, sample: pa.Array | pa.ChunkedArray, share: float) -> Mapping:
    """Fit the mapping of a column of any type.

    Args:
        column: its name.
        sample: runs of its rows.
        share: rows of the archive per row of the sample; tables of values must pay for themselves.
    """
    array = sample.combine_chunks() if isinstance(sample, pa.ChunkedArray) else sample
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], sample.type)
    fit = next((fit for is_such, fit in _FITS if is_such(array.type)), fit_whole)
    return fit(column, array, share)
