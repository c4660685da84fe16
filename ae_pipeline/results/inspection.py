"""What was found at a path."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.account import ByteAccount
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import Candidate


@dataclass(frozen=True)
class InspectedColumn:
    """One column of an inspected schema; statistics only where a codec knows them."""

    name: str
    type: str
    role: str
    center: float | None = None
    std: float | None = None
    tolerance: float | None = None


@dataclass(frozen=True)
class Inspection:
    """What was found at a path: a source, a codec, or one of our datasets.

    `plan` lists what an archive's codec was chosen from. `fidelity` says what its promise leaves of
    each feature column; of a source, what that of the default settings would.
    """

    kind: str
    path: str
    facts: dict[str, str | int | float]
    columns: tuple[InspectedColumn, ...]
    bytes: ByteAccount | None = None
    plan: tuple[Candidate, ...] = ()
    fidelity: tuple[ColumnFidelity, ...] = ()
