"""A forecast: sizes at each tolerance, errors of columns, cost of the job, and a verdict."""

from __future__ import annotations

from dataclasses import replace

from ae_pipeline.report.costs import cost_tables
from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.headline import forecast_line, size_words
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.comparison import ComparedFormat, Comparison
from ae_pipeline.results.estimate import Estimate, EstimatedOption


@presents(Estimate)
class EstimatePresenter(Presenter[Estimate]):
    """A forecast, with the verdict as its last line."""

    def headline(self) -> str:
        """Bytes of the whole archive at the recommended tolerance."""
        found = self.result
        shown = _recommended(found)
        return forecast_line(found.source_bytes, shown.archive_bytes, shown.label)

    def tables(self) -> list[Table]:
        """Tolerances, then columns at the recommended one, then the cost of the job."""
        return estimate_tables(self.result)

    def lines(self) -> list[str]:
        """The verdict."""
        return [self.result.verdict]


def estimate_tables(estimate: Estimate) -> list[Table]:
    """Tolerances; of the recommended one bytes, fidelity and errors of columns; then the job."""
    shown = _recommended(estimate)
    costs = [replace(one, title=f"{one.title}, {shown.label}") for one in cost_tables(shown.costs)]
    kept = fidelity_table(shown.fidelity, f"What columns keep at {shown.label}")
    features = [kept, _column_table(shown)] if shown.fidelity or not shown.costs else []
    return [_option_table(estimate), *costs, *features, _job_table(estimate)]


def _recommended(estimate: Estimate) -> EstimatedOption:
    """The recommended option, or the finest where nothing coarser can be recommended."""
    finest = min(estimate.options, key=lambda option: option.tolerance)
    named = (option for option in estimate.options if option.label == estimate.recommended)
    return next(named, finest)


def _option_table(estimate: Estimate) -> Table:
    rows = tuple(
        (
            option.label,
            option.archive_bytes,
            f"{estimate.source_bytes / max(option.archive_bytes, 1):.1f}x",
            option.payload_bytes + option.model_bytes,
            f"{option.gain:.2f}x",
            f"{estimate.raw_bytes / max(option.payload_bytes + option.model_bytes, 1):.1f}x",
            _losses(option),
        )
        for option in (*estimate.options, *estimate.others)
    )
    return Table(
        title=f"Estimate for {estimate.source}",
        headings=("tolerance", "archive", "of files", "encoded", "of simple", "of raw", "columns"),
        rows=rows,
        note=f"Bytes of {estimate.n_rows:,} rows, from {estimate.n_sampled:,} of them. archive: "
        "all columns, model and containers; of files: times smaller than the source's files. "
        "encoded: columns that are not plain, and the model; times smaller than these columns one "
        "by one (features by quantise + pcodec, others as plain Parquet), and than uncompressed.",
    )


def _losses(option: EstimatedOption) -> str:
    """Columns that lose their meaning, counted in few words to leave room for numbers."""
    verdicts = [column.found.verdict for column in option.fidelity if column.found is not None]
    counts = ((verdicts.count(word), word) for word in ("flattened", "coarse"))
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "kept"


def _column_table(option: EstimatedOption) -> Table:
    return Table(
        title=f"What columns lose at {option.label}",
        headings=("column", "RMSE", "max error"),
        rows=tuple((column.name, column.rmse, column.max_error) for column in option.columns),
        note=f"In source units. Method: {option.method}.",
    )


def _job_table(estimate: Estimate) -> Table:
    return Table(
        title="What the job would take",
        headings=("", "about"),
        rows=(
            ("fit, seconds", round(estimate.fit_s)),
            ("encode, CPU-seconds", round(estimate.encode_s, 1)),
            ("decode, CPU-seconds", round(estimate.decode_s, 1)),
            ("memory, MB", round(estimate.memory_mb)),
            ("this estimate, seconds", round(estimate.seconds, 1)),
        ),
    )


#: Characters of the longest bar.
_BAR = 20


@presents(Comparison)
class ComparisonPresenter(Presenter[Comparison]):
    """Every format, the smallest first, with what it costs."""

    def headline(self) -> str:
        """How ours compares with the best of the others."""
        formats = self.result.formats
        ours = next(one for one in formats if one.is_ours)
        others = [one for one in formats if not one.is_ours and one.is_exact]
        best = min(others, key=lambda one: one.n_bytes)
        times = best.n_bytes / max(ours.n_bytes, 1)
        kept = "every bit kept" if ours.is_exact else "floats within the tolerance"
        return (
            f"{size_words(ours.n_bytes)} as an archive, {kept}: {times:.3g} times smaller than "
            f"{best.name}, the smallest of the others that keep every bit"
        )

    def tables(self) -> list[Table]:
        """One row per format."""
        longest = max(one.n_bytes for one in self.result.formats)
        rows = tuple(self._row(one, longest) for one in self.result.formats)
        title = f"{self.result.n_sampled:,} of {self.result.n_rows:,} rows of {self.result.source}"
        headings = ("format", "bytes", "of Arrow, %", "write s", "read s", "")
        return [Table(title, headings, rows)]

    def lines(self) -> list[str]:
        """The terms of the comparison."""
        return [
            "write and read: CPU-seconds of all rows, in this run, with one worker. rounded: the "
            "rows as the archive decodes them. The files as they are: their share.",
            f"Of the archive, {self.result.model_bytes:,} bytes are the model, which all files of "
            f"an archive share; fitting it took {self.result.fit_s:.0f} s.",
        ]

    def _row(self, one: ComparedFormat, longest: int) -> tuple[Cell, ...]:
        bar = "█" * max(1, round(_BAR * one.n_bytes / max(longest, 1)))
        share = 100 * one.n_bytes / max(self.result.arrow_bytes, 1)
        return (one.name, one.n_bytes, round(share, 2), one.write_s, one.read_s, bar)
