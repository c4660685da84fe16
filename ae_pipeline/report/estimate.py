"""A forecast: sizes at each tolerance, errors of columns, cost of the job, and a verdict."""

from __future__ import annotations

from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.estimate import Estimate, EstimatedOption


@presents(Estimate)
class EstimatePresenter(Presenter[Estimate]):
    """A forecast, with the verdict as its last line."""

    def tables(self) -> list[Table]:
        """Tolerances, then columns at the recommended one, then the cost of the job."""
        return estimate_tables(self.result)

    def lines(self) -> list[str]:
        """The verdict."""
        return [self.result.verdict]


def estimate_tables(estimate: Estimate) -> list[Table]:
    """Tolerances, what columns would keep and lose at the recommended one, cost of the job."""
    shown = _recommended(estimate)
    kept = fidelity_table(shown.fidelity, f"What columns keep at {shown.label}")
    return [_option_table(estimate), kept, _column_table(shown), _cost_table(estimate)]


def _recommended(estimate: Estimate) -> EstimatedOption:
    """The recommended option, or the finest where nothing coarser can be recommended."""
    finest = min(estimate.options, key=lambda option: option.tolerance)
    named = (option for option in estimate.options if option.label == estimate.recommended)
    return next(named, finest)


def _option_table(estimate: Estimate) -> Table:
    rows = tuple(
        (
            option.label,
            option.payload_bytes + option.model_bytes,
            f"{estimate.raw_bytes / max(option.payload_bytes + option.model_bytes, 1):.1f}x",
            f"{option.gain:.2f}x",
            option.archive_bytes,
            f"{estimate.source_bytes / max(option.archive_bytes, 1):.1f}x",
            _losses(option),
        )
        for option in (*estimate.options, *estimate.others)
    )
    return Table(
        title=f"Estimate for {estimate.source}",
        headings=("tolerance", "features", "of raw", "of simple", "archive", "of files", "columns"),
        rows=rows,
        note=f"Bytes of {estimate.n_rows:,} rows, from {estimate.n_sampled:,} of them. Features: "
        "feature columns and the model. Times smaller than the raw features, than quantise + "
        "pcodec column by column, and (archive: all columns) than the source's files.",
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


def _cost_table(estimate: Estimate) -> Table:
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
