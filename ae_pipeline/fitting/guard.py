"""The guard: a tolerance must leave each column its meaning, unless the user accepts the loss.

Each column's own codec encodes and decodes a sample, so the guard judges the outcome, however the
tolerance was set.
"""

from __future__ import annotations

import json
import logging
import re
import shlex
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.blocks.block import Block, block_to_arrays, records_to_block
from ae_pipeline.codec.archive import ArchiveCodec, code_directly
from ae_pipeline.coding import Promise
from ae_pipeline.columns import FLAT_R2, Fidelity, fine_tolerance, judge
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.errors import FlattenedColumnError, listing
from ae_pipeline.results.fidelity import ColumnFidelity

logger = logging.getLogger(__name__)

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Words and signs that YAML does not read as text.
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
#: Values of vectors that are judged.
_MOST_JUDGED = 1 << 17
#: The most columns that a message names one by one.
_NAMED = 20


def judge_codec(
    codec: ArchiveCodec, sample: Float64[np.ndarray, "rows features"]
) -> tuple[Fidelity, ...]:
    """Measure how much of each column direct coding preserves in a row sample; NaN is missing.

    Every other way to code a column keeps the same promise on the same grid.
    """
    parts = zip(codec.schema.spans, codec.promises, strict=True)
    return tuple(_judge(codec, numbers, sample, promise) for numbers, promise in parts)


def _judge(
    codec: ArchiveCodec,
    numbers: range,
    sample: Float64[np.ndarray, "rows features"],
    promise: Promise,
) -> Fidelity:
    """Judge a column by all its values together: those of vectors have one tolerance."""
    values = _values_of(sample, numbers)[None]
    missing = np.isnan(values).astype(np.uint8)  # 1 is null
    column = codec.columns[numbers.start]
    (source,) = block_to_arrays(Block(values, missing), [column.kind])
    return _judge_column(source, code_directly(column, source), promise).short()


def _values_of(
    sample: Float64[np.ndarray, "rows features"], numbers: range
) -> Float64[np.ndarray, "values"]:
    """Return the values of a column, evenly spread ones where vectors have too many."""
    values = sample[:, numbers.start : numbers.stop].reshape(-1)
    step = max(1, values.size // _MOST_JUDGED) if len(numbers) > 1 else 1
    # An odd step meets all lanes.
    return np.ascontiguousarray(values[:: step | 1])


def _judge_column(source: pa.Array, decoded: pa.Array, promise: Promise) -> Fidelity:
    records = pa.RecordBatch.from_arrays([source, decoded], names=["source", "decoded"])
    before, after = records_to_block(records, ["source", "decoded"]).values
    is_known = ~(np.isnan(before) | np.isnan(after))
    is_absolute = promise.is_exact or promise.absolute
    tolerance = promise.absolute if is_absolute else np.nan
    return judge(before[is_known], after[is_known], tolerance)


def column_fidelity(
    codec: ArchiveCodec, found: Sequence[Fidelity] | None = None
) -> tuple[ColumnFidelity, ...]:
    """Return each column's promise in words and its fidelity; `found` None uses that of fit time.

    Codecs of former releases do not hold it.
    """
    told: Sequence[Fidelity | None] = codec.provenance.columns if found is None else found
    if len(told) != len(codec.schema.features):
        told = [None] * len(codec.schema.features)
    promises = map(str, codec.promises)
    return tuple(map(ColumnFidelity, codec.schema.features, promises, told))


def check_meaning(
    config: ToleranceConfig,
    codec: ArchiveCodec,
    sample: Float64[np.ndarray, "rows features"],
    where: str,
) -> None:
    """Raise if the tolerance flattens columns that nobody asked to flatten.

    Args:
        config: settings that the promise came from.
        codec: codec whose provenance holds the fidelity found on the sample.
        sample: rows of the source, NaN for missing values.
        where: path of the source.

    Raises:
        FlattenedColumnError: a column is flattened, it is not accepted, and the rule that counts
            for it does not name it literally.
    """
    flattened = [column for column in column_fidelity(codec) if column.is_flattened]
    unasked = [one for one in flattened if not is_named(config, one.name)]
    if config.accept_flattened or not unasked:
        return
    spans = dict(zip(codec.schema.features, codec.schema.spans, strict=True))
    rules = [_finer_rule(one.name, _values_of(sample, spans[one.name])) for one in unasked]
    raise FlattenedColumnError(
        f"the tolerance flattens {_count(unasked)}: decoded, hardly anything of what they say "
        "is left",
        where=where,
        expected=f"R2 of at least {FLAT_R2:g}, and no tolerance above the quartile range (IQR)",
        got=listing(unasked, _NAMED),
        remedy=f"give finer ones, e.g. --set {_quoted(rules)} (in a job file, at the end of "
        "tolerance.rules), or --accept-flattened if that is what you want",
    )


def tell_flattened(columns: Iterable[ColumnFidelity]) -> None:
    """Log a warning that names flattened columns, if any."""
    for warning in flattened_warnings(columns):
        logger.warning("%s", warning)


def flattened_warnings(columns: Iterable[ColumnFidelity]) -> tuple[str, ...]:
    """Return one sentence that names all flattened columns; empty if there are none."""
    flattened = [column for column in columns if column.is_flattened]
    if not flattened:
        return ()
    told = listing(flattened, _NAMED)
    return (f"{_count(flattened)} flattened by the tolerance: {told}",)


def _count(columns: Collection[ColumnFidelity]) -> str:
    return "1 column" if len(columns) == 1 else f"{len(columns)} columns"


def is_named(config: ToleranceConfig, name: str) -> bool:
    """Return whether the rule that applies to a column names it: a deliberate choice."""
    matching = (
        rule
        for rule in reversed(config.rules)
        if name == rule.match or fnmatchcase(name, rule.match)
    )
    rule = next(matching, None)
    return rule is not None and rule.match == name


def _quoted(rules: Sequence[str]) -> str:
    return shlex.quote(f"tolerance.rules=[{', '.join(rules)}]")


def _finer_rule(name: str, values: Float64[np.ndarray, "rows"]) -> str:
    """Return a rule to paste that keeps a column's meaning."""
    value = fine_tolerance(values[np.isfinite(values)])
    finer = f"kind: absolute, value: {value!r}" if value else "kind: exact"
    is_plain = _PLAIN_NAME.fullmatch(name) and name.lower() not in _WORDS
    match = name if is_plain else json.dumps(name, ensure_ascii=False)
    return f"{{match: {match}, {finer}}}"
