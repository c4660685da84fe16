"""Numba's decorator as this project uses it, and the types of arrays that kernels take.

Integers of kernels are int64 or uint64 throughout, as a mix of both would become floats.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast  # Any: Numba has no types

import numpy as np
import numpy.typing as npt
from numba import njit

Given = ParamSpec("Given")
Returned = TypeVar("Returned")
Bools: TypeAlias = npt.NDArray[np.bool_]
Int64s: TypeAlias = npt.NDArray[np.int64]
UInt8s: TypeAlias = npt.NDArray[np.uint8]
UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt64s: TypeAlias = npt.NDArray[np.uint64]


def kernel(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Compile a function when it is first called, and keep the machine code for other runs."""
    compiled = njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast(Callable[Given, Returned], compiled)


def folder_of(compiled: Callable[Given, Returned]) -> str:
    """Return the folder in which Numba keeps the machine code of a kernel."""
    return str(cast(Any, compiled).stats.cache_path)
