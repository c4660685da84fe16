"""The result of inspecting a path."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.costs import cost_tables
from ae_pipeline.report.fidelity import exact_line, fidelity_table, fidelity_tables
from ae_pipeline.report.headline import size_words, whole_line
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.sizes import byte_tables
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.inspection import Inspection

#: Candidate that is the only one to encode more than feature columns.
_TABLE = "table model"


@presents(Inspection)
class InspectionPresenter(Presenter[Inspection]):
    """A path: its facts, where its bytes lie, and its columns."""

    def headline(self) -> str:
        """Bytes of an encoded dataset as a whole; of a source its size, too."""
        found = self.result
        if found.kind == "source":
            return _source_line(found)
        return "" if found.bytes is None else whole_line(found.bytes, found.kind)

    def tables(self) -> list[Table]:
        """Facts, then bytes, costs and candidates where they are known, then columns."""
        found = self.result
        facts = Table(f"{found.kind}: {found.path}", ("", "value"), tuple(found.facts.items()))
        sizes = [] if found.bytes is None else byte_tables(found.bytes)
        plan = [candidate_table(found.plan)] if found.plan else []
        kept = _fidelity_tables(found)
        columns = _column_table(found) if found.kind != "source" else source_table(found)
        return [facts, *sizes, *cost_tables(found.costs), *plan, columns, *kept]

    def lines(self) -> list[str]:
        """Whether every bit is kept."""
        found = self.result
        has_promises = found.kind != "source" and (found.costs or found.fidelity)
        line = exact_line(found.fidelity) if has_promises else ""
        return [line] if line else []


def candidate_table(plan: Sequence[Candidate]) -> Table:
    """Every way to encode that the planner measured, and the one it chose."""
    rows = tuple(
        (
            f"{one.name}{' (chosen)' if one.is_chosen else ''}",
            one.payload_bytes,
            one.model_bytes,
            one.payload_bytes + one.model_bytes,
            one.seconds,
        )
        for one in plan
    )
    has_table = any(one.name == _TABLE for one in plan)
    more = f" {_TABLE}: of all encoded columns; others: of feature columns." if has_table else ""
    return Table(
        title="Plan",
        headings=("candidate", "payload", "model", "both", "seconds"),
        rows=rows,
        note="Bytes for the source that was fitted, measured on sample blocks. A large model can "
        f"still be the best choice where the source is large or will grow: planner.growth.{more}",
    )


def _source_line(found: Inspection) -> str:
    facts, n_floats = found.facts, len(found.fidelity)
    files = "1 file" if facts["fragments"] == 1 else f"{facts['fragments']:,} files"
    sizes = f"{facts['rows']:,} rows of {len(found.columns):,} columns in {files}"
    floats = f"; {n_floats:,} columns of floats may have a tolerance" if n_floats else ""
    return f"Source {size_words(int(facts['bytes']))}: {sizes}{floats}"


def source_table(inspection: Inspection) -> Table:
    """One row per column of a source: what it holds, and what an archive would do with it."""
    measured = [(one, one.source) for one in inspection.columns if one.source is not None]
    n_sampled = max((found.n_sampled for _, found in measured), default=0)
    return Table(
        "Columns",
        (
            *("column", "type", "bytes", "nulls", "distinct", "least", "most"),
            *("encode within", "to latents"),
        ),
        tuple(
            (
                column.name,
                column.type,
                found.size_bytes,
                None if found.null_share is None else f"{100 * found.null_share:.3g}%",
                found.n_distinct,
                found.low or "-",
                found.high or "-",
                found.encoding.removeprefix("within "),
                found.latents or "-",
            )
            for column, found in measured
        ),
        footer=("all columns", "", sum(found.size_bytes for _, found in measured), *[""] * 6),
        note=f"nulls, distinct, least and most: of {n_sampled:,} rows that were read. encode "
        "within: what an archive allows by default, in units of the column; exact columns are "
        "coded, or stay plain Parquet where that is hardly larger. to latents: what features "
        "learn it as with columns.learn=all.",
    )


def _column_table(inspection: Inspection) -> Table:
    return Table(
        "Columns",
        ("column", "type", "role", "center", "std"),
        tuple(
            (column.name, column.type, column.role, column.center, column.std)
            for column in inspection.columns
        ),
        note="center, std and within: in units of the column.",
    )


def _fidelity_tables(inspection: Inspection) -> list[Table]:
    if inspection.kind == "source" and inspection.fidelity:
        title = "What columns would keep in an archive with the default tolerance"
        return [fidelity_table(inspection.fidelity, title)]
    return fidelity_tables(inspection.fidelity)
