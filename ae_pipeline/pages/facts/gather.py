"""Gather what a page shows: from footers and the codec alone, or by comparing with a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ae_pipeline.config.job import VerifyJob
from ae_pipeline.config.paths import argument_source
from ae_pipeline.dataset import Fragment, open_footer, opened_end, pinned
from ae_pipeline.errors import AePipelineError, ConfigError
from ae_pipeline.formats import FragmentFormat, open_format, require_footer
from ae_pipeline.formats.features import LATENT_KEY
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.lake import visiting_places
from ae_pipeline.pages.facts.errors import Errors, errors_of_report, errors_of_table
from ae_pipeline.pages.facts.latents import LatentMap, map_latents
from ae_pipeline.pages.facts.rows import RowSample, sample_rows
from ae_pipeline.parquet import column_sizes, leaf_sizes
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.drift import DriftRecord
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import Inspection
from ae_pipeline.selection.date_keys import dates_of
from ae_pipeline.storage import Marker, codec_directory, metrics_file, read_marker
from ae_pipeline.store import place, visiting
from ae_pipeline.upkeep import read_drift
from ae_pipeline.verbs import inspect, plan_verify

#: Returns how decoded values compare with the source of a job; None if nobody knows.
Comparison = Callable[[VerifyJob], DatasetReport | None]
#: Fragments, spread over the dataset, whose latents are mapped.
_MAPPED = 12


@dataclass(frozen=True)
class Facts:
    """Everything that a page shows.

    Args:
        path: of the encoded dataset.
        source: that rows are read from; None without one.
        inspection: what `inspect` says of it.
        format: of its newest codec.
        report: outcome of the comparison; None without one.
        errors: measured now or stored by a decode; None if they are not known.
        source_columns: bytes of each column in the source's files; empty without a source.
        rows: a sample beside what it decodes to; None without a source.
        latents: map of a sample; None of what has no latents.
        drift: of the new data that a run looked at last; None where none has.
        dates: beginning of each partition whose key is a date.
    """

    path: str
    source: str | None
    inspection: Inspection
    format: FragmentFormat
    report: DatasetReport | None
    errors: Errors | None
    source_columns: Mapping[str, int]
    rows: RowSample | None
    latents: LatentMap | None
    drift: DriftRecord | None
    dates: Mapping[str, datetime]

    @property
    def fidelity(self) -> tuple[ColumnFidelity, ...]:
        """Fidelity of columns: of all values if they were compared, else of the fit's sample."""
        return self.inspection.fidelity if self.report is None else self.report.fidelity


def gather(path: str, source: str | None, color: str | None, compare: Comparison) -> Facts:
    """Gather the facts of an archive, of features, or of the folder that a decode wrote.

    Args:
        path: of the dataset.
        source: whose rows and sizes are shown; None for what is known without it.
        color: column of the latent map; None for the partition.
        compare: is called once.

    Raises:
        AePipelineError: the path is something else, or the source cannot be used.
    """
    path = argument_source(path, "PATH")
    with visiting([path]):
        marker = read_marker(place(path))
    stored = None
    if marker is not None and marker.extract is not None:
        with visiting([path]):
            stored = errors_of_table(metrics_file(place(path)))
        path = marker.extract.encoded
        with visiting([path]):
            marker = read_marker(place(path))
    if marker is None or marker.codec_id is None:
        raise ConfigError(
            "not an encoded dataset",
            where=path,
            expected="an archive, features, or tables that decode wrote",
            remedy="name such a folder; `ae-pipeline estimate` forecasts a source",
        )
    found = inspect(path)
    facts = _gather(VerifyJob(archive=path, source=source), marker, found, color, compare)
    return facts if facts.errors else replace(facts, errors=stored)


@visiting_places
def _gather(
    job: VerifyJob, marker: Marker, found: Inspection, color: str | None, compare: Comparison
) -> Facts:
    format = open_format(codec_directory(place(job.archive), marker.codec_id or ""))
    plan = plan_verify(job)
    report = _of_all(compare(job), plan)
    errors = None if report is None else errors_of_report(report)
    failed = {one.relative for one in report.failures} if report else set()
    sound = tuple(one for one in plan.fragments if one.relative not in failed)
    plan = replace(plan, fragments=sound)
    return Facts(
        path=job.archive,
        source=job.source,
        inspection=found,
        format=format,
        report=report,
        errors=errors,
        source_columns=_source_columns(plan, format),
        rows=None if job.source is None else sample_rows(plan, _worst_first(format, errors)),
        latents=_latents(plan.fragments, color),
        drift=read_drift(place(job.archive)),
        dates=_dates(plan.fragments),
    )


def _of_all(report: DatasetReport | None, plan: DecodePlan) -> DatasetReport | None:
    """Return the report; one of some fragments of the dataset says that it is partial."""
    if report is None or report.total.n_fragments + len(report.failures) >= len(plan.fragments):
        return report
    return replace(report, is_partial=True)


def _worst_first(format: FragmentFormat, errors: Errors | None) -> list[str]:
    """Return the feature columns, those of which least is kept first."""
    known = [] if errors is None else [one.column for one in errors.columns]
    return list(dict.fromkeys([*known, *format.schema.features]))


def _source_columns(plan: DecodePlan, format: FragmentFormat) -> dict[str, int]:
    """Return the bytes of each column in the source's files that are there and can be read."""
    total: Counter[str] = Counter()
    root = place(plan.source or "")
    for fragment in plan.fragments if plan.source is not None else ():
        path = root / fragment.relative
        with suppress(AePipelineError, OSError):
            one = pinned(Fragment(path, fragment.relative, path.stat().st_size))
            with opened_end(one) as content:
                total += column_sizes(leaf_sizes(content), format.schema.arrow.names)
    return dict(total)


def _latents(fragments: Sequence[Fragment], color: str | None) -> LatentMap | None:
    """Return the map of a dataset whose footers name a latent column."""
    step = max(1, len(fragments) // _MAPPED)
    chosen = fragments[::step][:_MAPPED]
    readable = [(one, name) for one in chosen if (name := _latent_column(one))]
    if not readable:
        return None
    return map_latents([one for one, _ in readable], readable[0][1], color)


def _latent_column(fragment: Fragment) -> str:
    """Return its name; empty if there is none, or if the file cannot be read."""
    with suppress(AePipelineError, OSError), open_footer(fragment) as file:
        return require_footer(file.metadata, fragment).extra.get(LATENT_KEY, "")
    return ""


def _dates(fragments: Iterable[Fragment]) -> dict[str, datetime]:
    """Return when each partition begins; none if keys hold no dates."""
    partitions = dict.fromkeys(one.partition for one in fragments)
    stand_ins = [Fragment(Path(name), f"{name}/-", 0) for name in partitions]
    return {
        name: dated.span.begin
        for name, dated in zip(partitions, dates_of(stand_ins), strict=True)
        if dated.span is not None
    }
