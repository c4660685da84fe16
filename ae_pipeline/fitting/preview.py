"""What the default tolerance would leave of a source's columns, before anything is fitted."""

from __future__ import annotations

import logging

from ae_pipeline.codec import Provenance
from ae_pipeline.columns import TableSchema, resolve_tolerances
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source, list_row_groups
from ae_pipeline.errors import AePipelineError
from ae_pipeline.fitting.archive import UNTRAINED, direct_codec
from ae_pipeline.fitting.guard import column_fidelity, judge_codec
from ae_pipeline.fitting.prepare import measure_source
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.progress import silent

logger = logging.getLogger(__name__)

#: Values that are looked at, of all columns together; at least one row group.
_MOST_VALUES = 1 << 21


def preview(source: Source, schema: TableSchema) -> tuple[ColumnFidelity, ...]:
    """Each feature column, judged on row groups from everywhere; nothing if none can be read."""
    if not schema.features:
        return ()
    job, where = JobConfig(), str(source.root)
    try:
        statistics, _ = measure_source(
            list_row_groups(source.fragments),
            schema.features,
            max(1, _MOST_VALUES // len(schema.features)),
            job.training.seed,
            silent,
            where,
        )
    except (AePipelineError, OSError) as error:
        logger.warning("%s: columns are not judged: %s", where, error)
        return ()
    provenance = Provenance(where, "preview", statistics.n_rows, UNTRAINED)
    quantizers = resolve_tolerances(job.tolerance, schema, statistics)
    codec, _ = direct_codec(job, schema, statistics, provenance, quantizers)
    return column_fidelity(codec, judge_codec(codec, statistics.sample))
