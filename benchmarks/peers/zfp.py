"""ZFP (Lindstrom 2014, "Fixed-Rate Compressed Floating-Point Arrays") in fixed-accuracy mode."""

from __future__ import annotations

from typing import Any  # a dtype known at run time only

import numpy as np
import zfpy

from benchmarks.peers.peer import as_floats, per_column


class _ZfpColumn:
    def pack(self, values: np.ndarray, tolerance: float) -> bytes:
        return zfpy.compress_numpy(as_floats(values), tolerance=tolerance)

    def unpack(
        self, content: bytes, kind: np.dtype[Any], n_values: int, tolerance: float
    ) -> np.ndarray:
        return zfpy.decompress_numpy(content)


ZFP = per_column("ZFP per column", _ZfpColumn())
