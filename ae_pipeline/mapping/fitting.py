"""The mapping of a column, from a sample of its values: who fits which types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pyarrow as pa
from pyarrow import types

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.nested.lists import fit_list
from ae_pipeline.mapping.nested.structs import fit_struct, is_struct
from ae_pipeline.mapping.nested.vectors import fit_vectors, is_vector
from ae_pipeline.mapping.plain import fit_whole
from ae_pipeline.mapping.scalar.float_fit import fit_floats
from ae_pipeline.mapping.scalar.integers import fit_integers
from ae_pipeline.mapping.scalar.unscaled import is_unscaled
from ae_pipeline.mapping.stored import fit_stored, is_stored
from ae_pipeline.mapping.strings.choice import fit_strings

#: Takes the name of a column, a sample of it and rows of the archive per row of the sample.
Fit: TypeAlias = Callable[[str, pa.Array, float], Mapping]

NestedFit: TypeAlias = Callable[[str, pa.Array, float, Fit], Mapping]

#: The first whose test a type passes fits the mapping.
_FITS: tuple[tuple[Callable[[pa.DataType], bool], Fit], ...] = (
    (is_unscaled, fit_integers),
    (types.is_floating, fit_floats),
    (types.is_large_binary, fit_strings),
)
#: The same for types that have others inside, whose fits take `fit_mapping` too.
_NESTED_FITS: tuple[tuple[Callable[[pa.DataType], bool], NestedFit], ...] = (
    (is_vector, fit_vectors),
    (is_stored, fit_stored),
    (is_struct, fit_struct),
    (types.is_large_list, fit_list),
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
    for is_such, fit_nested in _NESTED_FITS:
        if is_such(array.type):
            return fit_nested(column, array, share, fit_mapping)
    fit = next((fit for is_such, fit in _FITS if is_such(array.type)), fit_whole)
    return fit(column, array, share)
