"""Estimate: forecast from a sample what encoding would give, without writing anything."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from ae_pipeline.blocks import weight_of
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.columns import ErrorSums, column_metrics
from ae_pipeline.config.job import EstimateJob, ExecutionConfig
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.fitting import (
    ForecastCodec,
    SampledSource,
    column_fidelity,
    container_bytes,
    described_bytes,
    fit_seconds,
    forecast_codec,
    is_named,
    is_trained,
    judge_codec,
    sample_blocks,
    sample_source,
)
from ae_pipeline.fragments.column_errors import errors_of
from ae_pipeline.lake import visiting_places
from ae_pipeline.planner.forecast import Effort, Forecast
from ae_pipeline.results.estimate import Estimate, EstimatedColumn, EstimatedOption
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.verbs.verdict import give_verdict, recommend
from ae_pipeline.work import uses_processes

#: Seconds for all tolerances, shared evenly, on an idle machine.
_PATIENCE_S = 30.0
_TWO_DECIMALS = ToleranceRule(match="*", kind="decimals", value=2)
#: Parts of a block that a network's longer training shrinks.
_LEARNED = ("codes", "corrections")
#: Bytes that a worker holds per byte of a block, and bytes that an idle process takes.
_BLOCK_COPIES, _PROCESS_MB = 10, 150
#: Bytes from which encode cuts a block short.
_MOST_BLOCK_BYTES = 1 << 27


@visiting_places
def estimate(job: EstimateJob, progress: Progress = silent) -> Estimate:
    """Plan for each tolerance on a sample; try networks out, but train none to the end.

    Raises:
        AePipelineError: the source or the settings cannot be used.
    """
    started = time.monotonic()
    sampled = sample_source(job, progress)
    codecs = _forecast_all(job, sampled, progress)
    options = [
        _option(_label(relative), relative, codecs[relative], sampled, job.tolerance)
        for relative in codecs
    ]
    has_features = bool(sampled.measured.schema.features)
    others = _others(job, sampled, progress) if has_features else []
    best = recommend(options, others)
    shown = best if best in options else min(options, key=lambda option: option.tolerance)
    codec = codecs[shown.tolerance].codec
    encode_s, decode_s = _speed(codec, sampled)
    raw_bytes = _raw_bytes(codec, sampled)
    block_mb = _block_mb(codec, raw_bytes / max(sampled.n_rows, 1))
    return Estimate(
        source=job.source,
        n_rows=sampled.n_rows,
        n_sampled=sampled.measured.statistics.n_rows,
        source_bytes=sampled.source.size_bytes,
        raw_bytes=raw_bytes,
        options=tuple(options),
        others=tuple(others),
        recommended=best.label,
        fit_s=fit_seconds(codec, sampled, job),
        encode_s=encode_s,
        decode_s=decode_s,
        memory_mb=_memory_mb(job.execution, sampled, block_mb),
        verdict=give_verdict(best, options, sampled.source.size_bytes),
        seconds=time.monotonic() - started,
    )


def _memory_mb(execution: ExecutionConfig, sampled: SampledSource, block_mb: float) -> float:
    """Return about what encoding takes in all processes."""
    has_others = uses_processes(execution, sampled.source.fragments)
    n_processes = 1 + (execution.workers if has_others else 0)
    return n_processes * _PROCESS_MB + execution.workers * block_mb * _BLOCK_COPIES


def _forecast_all(
    job: EstimateJob, sampled: SampledSource, progress: Progress
) -> dict[float, ForecastCodec]:
    """Forecast the codec of every tolerance, coarse ones first, where networks matter most.

    Without feature columns there is one codec, and it is exact.
    """
    codecs: dict[float, ForecastCodec] = {}
    effort = Effort(_PATIENCE_S)
    if not sampled.measured.schema.features:
        forecast = Forecast(effort, 0.0, is_promising=False)
        return {0.0: forecast_codec(job, job.tolerance, sampled, forecast, progress)}
    for relative in sorted(set(job.tolerances), reverse=True):
        n_left = len(set(job.tolerances)) - len(codecs)
        is_promising = any(is_trained(one.codec) for one in codecs.values())
        most_s = effort.spent_s + effort.left_s / n_left
        forecast = Forecast(effort, most_s, is_promising)
        tolerance = job.tolerance.model_copy(update={"relative": relative})
        codecs[relative] = forecast_codec(job, tolerance, sampled, forecast, progress)
    return {relative: codecs[relative] for relative in job.tolerances}


def _label(relative: float) -> str:
    return f"{100 * relative:g} %" if relative else "exact"


def _others(job: EstimateJob, sampled: SampledSource, progress: Progress) -> list[EstimatedOption]:
    """Return the options beside the tolerances: two decimals, if every column survives, and exact.

    They are planned without a network, which would gain little where cells are this fine.
    """
    planner = job.planner.model_copy(update={"learn": "never"})
    own = job.model_copy(update={"planner": planner})
    nothing = Forecast(Effort(0.0), 0.0, is_promising=False)
    # The user's rules come last, so that they win.
    decimals = job.tolerance.model_copy(update={"rules": (_TWO_DECIMALS, *job.tolerance.rules)})
    options = []
    for label, tolerance in (("2 decimals", decimals), ("exact", ToleranceConfig(relative=0.0))):
        forecast = forecast_codec(own, tolerance, sampled, nothing, progress)
        option = _option(label, 0.0, forecast, sampled, tolerance)
        is_exact = all(promise.is_exact for promise in forecast.codec.promises)
        if label == "exact" or not (option.in_the_way or is_exact):
            options.append(option)
    return options


def _option(
    label: str,
    relative: float,
    forecast: ForecastCodec,
    sampled: SampledSource,
    tolerance: ToleranceConfig,
) -> EstimatedOption:
    codec = forecast.codec
    plan = codec.provenance.plan
    chosen = next(one for one in plan if one.is_chosen)
    columns, learned = _try_out(codec, sampled)
    left = 1 - learned * (1 - forecast.outlook)
    payload = round(chosen.payload_bytes * sampled.share * left)
    beside = container_bytes(codec, sampled, payload) + described_bytes(codec, sampled)
    fidelity = column_fidelity(codec, judge_codec(codec, sampled.measured.statistics.sample))
    lost = (column for column in fidelity if not column.keeps_meaning)
    return EstimatedOption(
        label=label,
        tolerance=relative,
        method=chosen.name,
        payload_bytes=payload,
        model_bytes=chosen.model_bytes,
        simple_bytes=round((plan[0].payload_bytes + _plain_bytes(codec)) * sampled.share),
        archive_bytes=payload + chosen.model_bytes + _kept_bytes(codec, sampled) + beside,
        columns=columns,
        fidelity=fidelity,
        in_the_way=tuple(column for column in lost if not is_named(tolerance, column.name)),
        costs=tuple(_scaled(cost, sampled) for cost in codec.provenance.costs),
    )


def _plain_bytes(codec: ArchiveCodec) -> int:
    """Return the bytes, as plain Parquet, of the coded columns of a sample that are no features."""
    features = set(codec.schema.features)
    own = (cost for cost in codec.provenance.costs if cost.is_coded and cost.name not in features)
    return sum(cost.plain_bytes for cost in own)


def _scaled(cost: ColumnCost, sampled: SampledSource) -> ColumnCost:
    """Return the bytes of a column in the whole source; its model is there once."""
    coded = round(cost.coded_bytes * sampled.share)
    plain = round(cost.plain_bytes * sampled.share)
    if not cost.is_coded:
        plain = sampled.plain_bytes.get(cost.name, plain)
    return replace(cost, plain_bytes=plain, coded_bytes=coded)


def _kept_bytes(codec: ArchiveCodec, sampled: SampledSource) -> int:
    """Return the bytes of the columns that the codec keeps as plain Parquet."""
    coded = codec.coded_in(codec.schema.arrow)
    return sum(size for name, size in sampled.plain_bytes.items() if name not in coded)


def _try_out(
    codec: ArchiveCodec, sampled: SampledSource
) -> tuple[tuple[EstimatedColumn, ...], float]:
    """Return the errors of every feature column on the sample, and the network's share of it."""
    names = codec.schema.features
    sums = ErrorSums.empty(len(names))
    ledger: Counter[str] = Counter()
    for block in sample_blocks(codec, sampled).blocks:
        stored = codec.encode(block)
        ledger.update(stored.ledger())
        decoded = codec.decode(stored.to_bytes(), len(block), names)
        sums = sums.merge(_errors(block, decoded, names))
    columns = tuple(
        EstimatedColumn(name, promise.absolute, metrics.rmse, metrics.max_error)
        for name, promise, metrics in zip(names, codec.promises, column_metrics(sums), strict=True)
    )
    learned = sum(ledger[part] for part in _LEARNED)
    return columns, learned / max(ledger.total(), 1)


def _errors(
    block: pa.RecordBatch, decoded: Mapping[str, pa.Array], names: Sequence[str]
) -> ErrorSums:
    if not names:
        return ErrorSums.empty(0)
    ours = pa.RecordBatch.from_arrays([decoded[name] for name in names], names=list(names))
    return errors_of(ours, block, names, None)


def _speed(codec: ArchiveCodec, sampled: SampledSource) -> tuple[float, float]:
    """Return CPU-seconds to encode and to decode the whole source, file access excluded."""
    blocks = sample_blocks(codec, sampled).blocks
    started = time.process_time()
    contents = [codec.encode(block).to_bytes() for block in blocks]
    encoded = time.process_time()
    for content, block in zip(contents, blocks, strict=True):
        codec.decode(content, len(block))
    decoded = time.process_time()
    times = sampled.n_rows / max(sum(map(len, blocks)), 1)
    return (encoded - started) * times, (decoded - encoded) * times


def _raw_bytes(codec: ArchiveCodec, sampled: SampledSource) -> int:
    """Return the bytes of all encoded columns of the source in memory."""
    blocks = sample_blocks(codec, sampled).blocks
    n_bytes = sum(weight_of(block.select(codec.coded_columns)) for block in blocks)
    return round(n_bytes * sampled.n_rows / max(sum(map(len, blocks)), 1))


def _block_mb(codec: ArchiveCodec, row_bytes: float) -> float:
    """Return the MiB of a full block; one of long text has fewer rows."""
    row_bytes = max(row_bytes, 8 * len(codec.schema.arrow))
    return min(codec.block_rows * row_bytes, _MOST_BLOCK_BYTES) / (1 << 20)
