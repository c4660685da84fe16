"""Estimate: what encoding would give, from a sample, without writing anything."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import (
    ErrorSums,
    TableSchema,
    column_metrics,
    measure_errors,
    resolve_roles,
)
from ae_pipeline.config.job import EstimateJob, JobConfig
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.dataset import (
    RowGroup,
    Source,
    discover,
    fittable,
    list_row_groups,
    opened,
    pinned_source,
    tell_ignored,
    typical_schema,
)
from ae_pipeline.fitting import (
    UNTRAINED,
    Measured,
    column_fidelity,
    direct_codec,
    is_named,
    judge_codec,
    measure_for_fit,
    spread,
)
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.planner.candidate import Trainer
from ae_pipeline.planner.forecast import Effort, Rehearsal, outlook
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.planner.sample import SampleBlocks, read_sample
from ae_pipeline.results.estimate import Estimate, EstimatedColumn, EstimatedOption
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.verbs.verdict import give_verdict, recommend

#: Values that are measured, and that are planned on, of all columns together. Ranges are those of
#: what is measured, and one that is too small makes tolerances too fine.
_MEASURED_VALUES, _MOST_VALUES = 1 << 23, 1 << 20
#: Seconds for all tolerances, shared evenly, on a machine with nothing else to do.
_PATIENCE_S = 30.0
_TWO_DECIMALS = ToleranceRule(match="*", kind="decimals", value=2)
#: A fragment's footer and page headers.
_CONTAINER_BYTES = 2048
#: Bytes that a worker holds per byte of a block, and what a process takes before.
_BLOCK_COPIES, _PROCESS_MB = 10, 150


@dataclass(frozen=True)
class _Sampled:
    """What all tolerances share."""

    source: Source
    measured: Measured
    groups: tuple[RowGroup, ...]
    n_rows: int
    kept_bytes: int

    @property
    def share(self) -> float:
        """Rows of the source per row of the chosen row groups."""
        return self.n_rows / max(sum(group.n_rows for group in self.groups), 1)


@dataclass(frozen=True)
class _Rehearsed:
    """The codec that a tolerance would get, but for the training that there was no time for.

    Args:
        codec: as far as it got.
        outlook: share of its payload that will be left after all of its training.
    """

    codec: ArchiveCodec
    outlook: float


def estimate(job: EstimateJob, progress: Progress = silent) -> Estimate:
    """Plan for each tolerance on a sample; networks are tried out, none is trained to the end.

    Raises:
        AePipelineError: of the source or the settings.
    """
    started = time.monotonic()
    sampled = _look(job, progress)
    codecs = _rehearse_all(job, sampled, progress)
    options = [
        _option(f"{100 * relative:g} %", relative, codecs[relative], sampled, job.tolerance)
        for relative in job.tolerances
    ]
    others = _others(job, sampled, progress)
    best = recommend(options, others)
    shown = best if best in options else min(options, key=lambda option: option.tolerance)
    codec = codecs[shown.tolerance].codec
    encode_s, decode_s = _speed(codec, sampled)
    raw = sampled.n_rows * _row_bytes(sampled.measured.schema)
    return Estimate(
        source=job.source,
        n_rows=sampled.n_rows,
        n_sampled=sampled.measured.statistics.n_rows,
        source_bytes=sampled.source.size_bytes,
        raw_bytes=raw,
        options=tuple(options),
        others=tuple(others),
        recommended=best.label,
        fit_s=_fit_seconds(codec.provenance.plan, job),
        encode_s=encode_s,
        decode_s=decode_s,
        memory_mb=_PROCESS_MB + job.execution.workers * _block_mb(codec) * _BLOCK_COPIES,
        verdict=give_verdict(best, options, sampled.source.size_bytes),
        seconds=time.monotonic() - started,
    )


def _look(job: EstimateJob, progress: Progress) -> _Sampled:
    source = pinned_source(discover(job.source))
    tell_ignored(source, job.source)
    source = fittable(source, job.columns)
    schema = resolve_roles(typical_schema(source), job.columns, job.source)
    n_features = len(schema.features)
    measured = measure_for_fit(
        job, source, progress, max_rows=_MEASURED_VALUES // n_features, schema=schema
    )
    n_rows = sum(group.n_rows for group in list_row_groups(source.fragments))
    chosen = spread(
        spread(measured.groups, _MEASURED_VALUES // n_features), _MOST_VALUES // n_features
    )
    return _Sampled(source, measured, tuple(chosen), n_rows, _kept_bytes(source, schema))


def _rehearse_all(
    job: EstimateJob, sampled: _Sampled, progress: Progress
) -> dict[float, _Rehearsed]:
    """The codec of every tolerance; coarse ones first, where networks matter most."""
    codecs: dict[float, _Rehearsed] = {}
    effort = Effort(_PATIENCE_S)
    for relative in sorted(set(job.tolerances), reverse=True):
        n_left = len(set(job.tolerances)) - len(codecs)
        is_promising = any(_is_trained(one.codec) for one in codecs.values())
        most_s = effort.spent_s + effort.left_s / n_left
        rehearsal = Rehearsal(effort, most_s, is_promising)
        tolerance = job.tolerance.model_copy(update={"relative": relative})
        codecs[relative] = _rehearse(job, tolerance, sampled, rehearsal, progress)
    return codecs


def _others(job: EstimateJob, sampled: _Sampled, progress: Progress) -> list[EstimatedOption]:
    """What is no part of the range: two decimals, if columns keep their meaning then, and exact.

    Without a network, which would gain little where cells are so fine.
    """
    planner = job.planner.model_copy(update={"learn": "never"})
    own = job.model_copy(update={"planner": planner})
    nothing = Rehearsal(Effort(0.0), 0.0, is_promising=False)
    # Rules of the user come last, so that they count.
    decimals = job.tolerance.model_copy(update={"rules": (_TWO_DECIMALS, *job.tolerance.rules)})
    options = []
    for label, tolerance in (("2 decimals", decimals), ("exact", ToleranceConfig(relative=0.0))):
        rehearsed = _rehearse(own, tolerance, sampled, nothing, progress)
        option = _option(label, 0.0, rehearsed, sampled, tolerance)
        is_exact = all(promise.is_exact for promise in rehearsed.codec.promises)
        if label == "exact" or not (option.in_the_way or is_exact):
            options.append(option)
    return options


def _is_trained(codec: ArchiveCodec) -> bool:
    return codec.network is not None and codec.provenance.training.steps > 0


def _rehearse(
    job: EstimateJob,
    tolerance: ToleranceConfig,
    sampled: _Sampled,
    rehearsal: Rehearsal,
    progress: Progress,
) -> _Rehearsed:
    """The codec that the planner would choose, had it less time."""
    own = job.model_copy(update={"tolerance": tolerance})
    provenance = Provenance(job.source, "rehearsal", sampled.n_rows, UNTRAINED)
    direct, inputs = direct_codec(own, sampled.measured, provenance)
    growth = max(job.planner.growth, sampled.share)
    config = job.planner.model_copy(update={"growth": growth})
    with tempfile.TemporaryDirectory() as scratch:
        trainer = Trainer(own, direct, inputs, sampled.groups, Path(scratch), progress)
        codec = plan_codec(trainer, config, _MOST_VALUES, rehearsal)
    return _Rehearsed(codec, outlook(trainer, codec, config.budget_s))


def _option(
    label: str,
    relative: float,
    rehearsed: _Rehearsed,
    sampled: _Sampled,
    tolerance: ToleranceConfig,
) -> EstimatedOption:
    plan = rehearsed.codec.provenance.plan
    chosen = next(one for one in plan if one.is_chosen)
    payload = round(chosen.payload_bytes * sampled.share * rehearsed.outlook)
    kept = sampled.kept_bytes + _CONTAINER_BYTES * len(sampled.source.fragments)
    codec = rehearsed.codec
    fidelity = column_fidelity(codec, judge_codec(codec, sampled.measured.statistics.sample))
    lost = (column for column in fidelity if not column.keeps_meaning)
    return EstimatedOption(
        label=label,
        tolerance=relative,
        method=chosen.name,
        payload_bytes=payload,
        model_bytes=chosen.model_bytes,
        simple_bytes=round(plan[0].payload_bytes * sampled.share),
        archive_bytes=payload + chosen.model_bytes + kept,
        columns=_columns(codec, sampled),
        fidelity=fidelity,
        in_the_way=tuple(column for column in lost if not is_named(tolerance, column.name)),
    )


def _sample(codec: ArchiveCodec, sampled: _Sampled) -> SampleBlocks:
    return read_sample(sampled.groups, codec, _MOST_VALUES).shortened(_MOST_VALUES // 4)


def _columns(codec: ArchiveCodec, sampled: _Sampled) -> tuple[EstimatedColumn, ...]:
    """What a sample of every column loses."""
    names = codec.schema.features
    sums = ErrorSums.empty(len(names))
    for block in _sample(codec, sampled).blocks:
        decoded = codec.decode(codec.encode(block).to_bytes(), len(block))
        sums = sums.merge(_errors(block, decoded, names))
    return tuple(
        EstimatedColumn(name, promise.absolute, metrics.rmse, metrics.max_error)
        for name, promise, metrics in zip(names, codec.promises, column_metrics(sums), strict=True)
    )


def _errors(
    block: pa.RecordBatch, decoded: Mapping[str, pa.Array], names: Sequence[str]
) -> ErrorSums:
    ours = pa.RecordBatch.from_arrays([decoded[name] for name in names], names=list(names))
    truth, got = records_to_block(block, names), records_to_block(ours, names)
    return measure_errors(truth.values, got.values, np.zeros(len(names), np.int64), None)


def _speed(codec: ArchiveCodec, sampled: _Sampled) -> tuple[float, float]:
    """CPU-seconds to encode and to decode the whole source, files apart."""
    blocks = _sample(codec, sampled).blocks
    started = time.process_time()
    contents = [codec.encode(block).to_bytes() for block in blocks]
    encoded = time.process_time()
    for content, block in zip(contents, blocks, strict=True):
        codec.decode(content, len(block))
    decoded = time.process_time()
    times = sampled.n_rows / max(sum(map(len, blocks)), 1)
    return (encoded - started) * times, (decoded - encoded) * times


def _fit_seconds(plan: Sequence[Candidate], job: JobConfig) -> float:
    """What the rehearsal took, and the budget if a network would be trained."""
    is_trained = any(one.is_chosen and one.name.startswith("trained") for one in plan)
    return sum(one.seconds for one in plan) + is_trained * job.planner.budget_s


def _kept_bytes(source: Source, schema: TableSchema) -> int:
    """Compressed bytes of kept columns in the source's files."""
    total = 0
    features = set(schema.features)
    for fragment in source.fragments:
        with opened(fragment) as file:
            sizes = leaf_sizes(file)
        total += sum(size for path, size in sizes.items() if path.split(".")[0] not in features)
    return total


def _row_bytes(schema: TableSchema) -> int:
    return sum(np.dtype(kind.to_pandas_dtype()).itemsize for kind in schema.feature_types)


def _block_mb(codec: ArchiveCodec) -> float:
    return codec.block_rows * max(len(codec.schema.arrow), 1) * 8 / (1 << 20)
