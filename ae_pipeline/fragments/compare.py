"""Comparison of a reconstruction with its source, row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import zip_longest

import pyarrow as pa

from ae_pipeline.columns import ErrorSums
from ae_pipeline.dataset import rebatch
from ae_pipeline.errors import PromiseBrokenError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.fragments.column_errors import errors_of
from ae_pipeline.fragments.exact import same_bits
from ae_pipeline.fragments.kept_promise import ENCODE_AGAIN, check_promise


def feature_numbers(format: FragmentFormat, columns: Collection[str] | None) -> list[int]:
    """Return the numbers of the codec's feature columns among `columns`; None stands for all."""
    wanted = None if columns is None else set(columns)
    features = enumerate(format.schema.features)
    return [number for number, name in features if wanted is None or name in wanted]


def paired(
    decoded: Iterable[pa.RecordBatch], truth: Iterable[pa.RecordBatch], n_rows: int, where: str
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Yield reconstruction and source in batches of the same `n_rows` rows.

    Raises:
        PromiseBrokenError: they have different numbers of rows.
    """
    for ours, theirs in zip_longest(rebatch(decoded, n_rows), rebatch(truth, n_rows)):
        if ours is None or theirs is None or len(ours) != len(theirs):
            raise PromiseBrokenError(
                "row count differs from the source", where=where, remedy=ENCODE_AGAIN
            )
        yield ours, theirs


def compare(
    format: FragmentFormat, records: pa.RecordBatch, truth: pa.RecordBatch, where: str
) -> ErrorSums:
    """Check every value and return the errors of each feature column of `records`.

    Raises:
        PromiseBrokenError: a column that is exact differs from the source, or a value is beyond
            its tolerance.
    """
    features = set(format.schema.features)
    for name in records.schema.names:
        if name not in features and not same_bits(records.column(name), truth.column(name)):
            raise PromiseBrokenError(
                "column differs from the source",
                where=f"{where}, column {name}",
                remedy=f"{ENCODE_AGAIN}; if its source was not rewritten, report this",
            )
    check_promise(format, records, truth, where)
    return _record_errors(records, truth, format)


def _record_errors(
    records: pa.RecordBatch, truth: pa.RecordBatch, format: FragmentFormat
) -> ErrorSums:
    """Return the errors of the written values, after their cast to the source type."""
    numbers = feature_numbers(format, records.schema.names)
    promises = [quantizer.promise for quantizer in format.quantizers]
    names = [format.schema.features[number] for number in numbers]
    chosen = [promises[number] for number in numbers] if promises else None
    return errors_of(records, truth, names, chosen, format.categories)
