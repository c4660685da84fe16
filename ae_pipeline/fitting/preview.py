"""A preview of how much of a source's columns the default tolerance would preserve."""

from __future__ import annotations

import logging

from ae_pipeline.codec import Provenance
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source
from ae_pipeline.errors import AePipelineError
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.guard import column_fidelity, judge_codec
from ae_pipeline.fitting.prepare import measure_for_fit
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.progress import silent

logger = logging.getLogger(__name__)

#: Values to read over all columns; at least one row group is read.
_MOST_VALUES = 1 << 21


def preview(source: Source, schema: TableSchema) -> tuple[ColumnFidelity, ...]:
    """Judge each feature column on evenly spread row groups; empty if none can be read."""
    if not schema.features:
        return ()
    job, max_rows = JobConfig(), max(1, _MOST_VALUES // len(schema.lanes))
    try:
        measured = measure_for_fit(job, source, silent, max_rows=max_rows, schema=schema)
    except (AePipelineError, OSError) as error:
        logger.warning("%s: columns are not judged: %s", source.label, error)
        return ()
    provenance = Provenance(measured.where, "preview", measured.statistics.n_rows, UNTRAINED)
    codec, _ = direct_codec(job, measured, provenance)
    return column_fidelity(codec, judge_codec(codec, measured.statistics.sample))
