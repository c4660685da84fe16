"""The result of inspecting a path."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.fidelity import fidelity_table
from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.sizes import byte_tables
from ae_pipeline.report.tables.table import Table
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.inspection import Inspection


@presents(Inspection)
class InspectionPresenter(Presenter[Inspection]):
    """A path: its facts, where its bytes lie, and its columns."""

    def tables(self) -> list[Table]:
        """Facts, then bytes and the planner's candidates where they are known, then columns."""
        found = self.result
        facts = Table(f"{found.kind}: {found.path}", ("", "value"), tuple(found.facts.items()))
        sizes = [] if found.bytes is None else byte_tables(found.bytes)
        plan = [candidate_table(found.plan)] if found.plan else []
        kept = [_fidelity_table(found)] if found.fidelity else []
        return [facts, *sizes, *plan, _column_table(found), *kept]


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
    return Table(
        title="Plan",
        headings=("candidate", "payload", "model", "both", "seconds"),
        rows=rows,
        note="Bytes for the source that was fitted, measured on sample blocks. A large model can "
        "still be the best choice where the source is large or will grow: planner.growth.",
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


def _fidelity_table(inspection: Inspection) -> Table:
    if inspection.kind == "source":
        title = "What columns would keep in an archive with the default tolerance"
        return fidelity_table(inspection.fidelity, title)
    return fidelity_table(inspection.fidelity)
