"""The rest of a forecast beside payload and model: notes, bytes of files, seconds of a fit."""

from __future__ import annotations

from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec, json_bytes
from ae_pipeline.columns import reference_of
from ae_pipeline.config.job import JobConfig
from ae_pipeline.fitting.forecast import TABLE_S, TABLE_VALUES, SampledSource
from ae_pipeline.fitting.guard import judge_codec
from ae_pipeline.fitting.table_sample import MOST_VALUES
from ae_pipeline.table_fit import most_seconds

#: `_ae/dataset.json`.
_MARKER_BYTES = 89
#: Of a file, without bounds: its record, schema and page headers; and of each kept column of a
#: row group in the footer. Bounds of a row group, and the part of a block that more of them take.
_FILE_BYTES, _CHUNK_BYTES, _BOUNDS_BYTES, _BOUNDS_PART = 330, 180, 70, 600


def described_bytes(codec: ArchiveCodec, sampled: SampledSource) -> int:
    """Return the bytes of the codec's JSON and of the marker, once the codec is fitted."""
    sample = sampled.measured.statistics.sample
    provenance = replace(
        codec.provenance,
        references=tuple(map(reference_of, sample.T)),
        columns=judge_codec(codec, sample),
    )
    return json_bytes(replace(codec, provenance=provenance)) + _MARKER_BYTES


def container_bytes(codec: ArchiveCodec, sampled: SampledSource, payload_bytes: int) -> int:
    """Return the bytes of all fragments beside blocks and column chunks of kept columns."""
    n_files = len(sampled.source.fragments)
    n_groups = max(n_files, round(sampled.n_rows / codec.block_rows))
    n_kept = len(codec.schema.arrow) - len(codec.coded_columns)
    return (
        _FILE_BYTES * n_files
        + (_BOUNDS_BYTES + _CHUNK_BYTES * n_kept) * n_groups
        + payload_bytes // _BOUNDS_PART
    )


def fit_seconds(codec: ArchiveCodec, sampled: SampledSource, job: JobConfig) -> float:
    """Return about how long a fit takes, from the seconds of its rehearsal.

    The table is learned from more rows within another budget, and a network, if one would be
    trained, takes its budget.
    """
    plan, budget_s = codec.provenance.plan, job.planner.budget_s
    n_columns = max(len(codec.schema.arrow), 1)
    n_subcolumns = n_columns if codec.table is None else len(codec.table.subcolumns)
    rows, rehearsed = (
        min(sampled.n_rows, most // n_columns) for most in (MOST_VALUES, TABLE_VALUES)
    )
    wanted = most_seconds(budget_s, rows, n_subcolumns)
    scale = wanted / max(most_seconds(TABLE_S, rehearsed, n_subcolumns), 1e-9)
    has_network = any(one.name.startswith("trained") for one in plan)
    seconds = (one.seconds * (scale if one.name.startswith("table") else 1.0) for one in plan)
    return sum(seconds) + has_network * budget_s
