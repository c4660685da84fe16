"""The archive's promise, value by value, against the source."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64

from ae_pipeline.archive import ArchiveCoder
from ae_pipeline.errors import PromiseBrokenError
from ae_pipeline.quantization import breaks_promise
from ae_pipeline.storage import Coder

#: What mends an archive or features file that is not what it should be.
ENCODE_AGAIN = "encode it again (`encode --force`, or `verify` and then `backfill --only failed`)"


def promised(coder: Coder) -> Float64[np.ndarray, "features"] | None:
    """Tolerances of an archive's columns, in source units; features datasets promise nothing."""
    return coder.codec.tolerance if isinstance(coder, ArchiveCoder) else None


def check_promise(coder: Coder, records: pa.RecordBatch, truth: pa.RecordBatch, where: str) -> None:
    """Hold every feature value of `records` to its tolerance, if one was promised.

    Raises:
        PromiseBrokenError: a value, null or non-finite bit pattern is not what was promised.
    """
    tolerances = promised(coder)
    if tolerances is None:
        return
    for name, tolerance in zip(coder.schema.features, tolerances, strict=True):
        if name not in records.schema.names:
            continue
        n_broken = _count_broken(records.column(name), truth.column(name), float(tolerance))
        if n_broken:
            raise PromiseBrokenError(
                "values break their promise",
                where=f"{where}, column {name}",
                expected=f"every error at most {tolerance:g}",
                got=f"{n_broken} values off",
                remedy=f"{ENCODE_AGAIN}; if its source was not rewritten, report this",
            )


def _count_broken(ours: pa.Array, theirs: pa.Array, tolerance: float) -> int:
    nulls_differ = pc.sum(pc.xor(ours.is_null(), theirs.is_null())).as_py() or 0
    valid = theirs.is_valid().to_numpy(zero_copy_only=False)
    decoded, source = _values(ours)[valid], _values(theirs)[valid]
    bits = f"u{source.itemsize}"
    differs = decoded.view(bits) != source.view(bits)
    is_off = breaks_promise(source, decoded, tolerance) if tolerance else differs
    return int(nulls_differ + (is_off & differs).sum())


def _values(column: pa.Array) -> np.ndarray:
    """The value buffer, whatever lies under nulls."""
    dtype = np.dtype(column.type.to_pandas_dtype())
    return np.frombuffer(column.buffers()[1], dtype)[column.offset :][: len(column)]
