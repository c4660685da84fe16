"""A comparison as a table with bars."""

from __future__ import annotations

from ae_pipeline.report.headline import size_words
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.comparison import ComparedFormat, Comparison

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
