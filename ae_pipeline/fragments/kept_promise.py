"""The archive's promise, value by value, against the source."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ae_pipeline.coding import Promise, Quantizer
from ae_pipeline.columns import Vectors, is_vector
from ae_pipeline.errors import CodecMismatchError, PromiseBrokenError, listing
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments.column_errors import cosines

_EXACT = Promise()
#: Remedy for an archive or features file that is damaged or breaks its promise.
ENCODE_AGAIN = "encode it again (`encode --force`, or `verify` and then `backfill --only failed`)"


def check_as_tight(found: FragmentFormat, own: FragmentFormat, where: str) -> None:
    """Check that a file's codec promises at least what a run promises, whoever wrote the file.

    Args:
        found: format of the file.
        own: format of the run.
        where: path of the file, for messages.

    Raises:
        CodecMismatchError: the file's codec allows some column a larger error.
    """
    theirs, ours = _by_column(found), _by_column(own)
    coarser = [
        f"{name} {theirs[name]}, not {ours.get(name, _EXACT)}"
        for name in theirs
        if not is_as_tight(theirs[name], ours.get(name, _EXACT))
    ]
    if coarser:
        raise CodecMismatchError(
            "another run wrote it with larger tolerances, or it is of a former codec",
            where=where,
            expected=f"those of codec {own.codec_id}",
            got=listing(coarser),
            remedy="`backfill --only outdated` with that codec encodes it again; its source stays",
        )


def is_as_tight(promise: Promise, other: Promise) -> bool:
    """Return whether every value that keeps `promise` keeps `other`: same sort or exact."""
    if promise.is_exact or other.is_exact:
        return promise.is_exact
    if promise.cosine or other.cosine:
        return promise.cosine >= other.cosine > 0
    if promise.digits and other.digits:
        return promise.digits >= other.digits
    if promise.relative and other.relative:
        return promise.relative <= other.relative
    return bool(promise.absolute and other.absolute and promise.absolute <= other.absolute)


def _by_column(format: FragmentFormat) -> dict[str, Promise]:
    """Return the promise of each feature column by name; all other columns are exact."""
    promises = [quantizer.promise for quantizer in format.quantizers]
    return dict(zip(format.schema.features, promises, strict=False))


def check_promise(
    format: FragmentFormat, records: pa.RecordBatch, truth: pa.RecordBatch, where: str
) -> None:
    """Check every feature value of `records` against its tolerance, if one was promised.

    Raises:
        PromiseBrokenError: a value, null or non-finite bit pattern breaks its promise.
    """
    for name, quantizer in zip(format.schema.features, format.quantizers, strict=False):
        if name not in records.schema.names:
            continue
        n_broken = _count_broken(records.column(name), truth.column(name), quantizer)
        if n_broken:
            raise PromiseBrokenError(
                "values break their promise",
                where=f"{where}, column {name}",
                expected=f"every value {quantizer.promise}",
                got=f"{n_broken} values off",
                remedy=f"{ENCODE_AGAIN}; if its source was not rewritten, report this",
            )


def _count_broken(ours: pa.Array, theirs: pa.Array, quantizer: Quantizer) -> int:
    if not is_vector(theirs.type):
        return _count_broken_numbers(ours, theirs, quantizer)
    nulls_differ = pc.sum(pc.xor(ours.is_null(), theirs.is_null())).as_py() or 0
    if nulls_differ:
        return int(nulls_differ)
    decoded, source = (Vectors.of(one).flat() for one in (ours, theirs))
    n_broken = _count_broken_numbers(decoded, source, quantizer)
    if quantizer.promise.cosine:
        n_broken += int((cosines(ours, theirs) < quantizer.promise.cosine).sum())
    return n_broken


def _count_broken_numbers(ours: pa.Array, theirs: pa.Array, quantizer: Quantizer) -> int:
    nulls_differ = pc.sum(pc.xor(ours.is_null(), theirs.is_null())).as_py() or 0
    valid = theirs.is_valid().to_numpy(zero_copy_only=False)
    decoded, source = _values(ours)[valid], _values(theirs)[valid]
    bits = f"u{source.itemsize}"
    differs = decoded.view(bits) != source.view(bits)
    return int(nulls_differ + (quantizer.is_broken(source, decoded) & differs).sum())


def _values(column: pa.Array) -> np.ndarray:
    """Return the value buffer, including whatever lies under nulls."""
    dtype = np.dtype(column.type.to_pandas_dtype())
    return np.frombuffer(column.buffers()[1], dtype)[column.offset :][: len(column)]
