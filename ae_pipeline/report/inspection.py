"""The result of inspecting a path."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.costs import cost_tables
from ae_pipeline.report.fidelity import exact_line, fidelity_table, fidelity_tables
from ae_pipeline.report.headline import whole_line
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
        """Bytes of an encoded dataset as a whole."""
        found = self.result
        return "" if found.bytes is None else whole_line(found.bytes, found.kind)

    def tables(self) -> list[Table]:
        """Facts, then bytes, costs and candidates where they are known, then columns."""
        found = self.result
        facts = Table(f"{found.kind}: {found.path}", ("", "value"), tuple(found.facts.items()))
        sizes = [] if found.bytes is None else byte_tables(found.bytes)
        plan = [candidate_table(found.plan)] if found.plan else []
        kept = _fidelity_tables(found)
        return [facts, *sizes, *cost_tables(found.costs), *plan, _column_table(found), *kept]

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
