"""The result of inspecting a path."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.account import ByteAccount
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import Candidate, ColumnCost
from ae_pipeline.results.result import Result


@dataclass(frozen=True)
class SourceMeasures:
    """Measures of a column of a source, most of them from a sample of rows.

    Args:
        size_bytes: of its column chunks in all files.
        n_sampled: rows that the other measures are of; 0 where none could be read.
        encoding: what an archive with the default settings would do with it, in words.
        null_share: of the rows.
        n_distinct: values other than null; None where they cannot be counted.
        low: the least value, in words; empty where values have no order.
        high: the greatest.
        latents: what a network that learns all columns would take it for, in words.
    """

    size_bytes: int
    n_sampled: int
    encoding: str
    null_share: float | None = None
    n_distinct: int | None = None
    low: str = ""
    high: str = ""
    latents: str = ""


@dataclass(frozen=True)
class InspectedColumn:
    """One column of an inspected schema; statistics only where a codec or a source has them."""

    name: str
    type: str
    role: str
    center: float | None = None
    std: float | None = None
    tolerance: float | None = None
    source: SourceMeasures | None = None


@dataclass(frozen=True)
class ColumnSkipping:
    """The blocks of an archive that a reader can skip by the bounds of one column.

    Args:
        name: column name.
        n_blocks: of the archive.
        n_bounded: blocks with bounds of the column.
        n_sets: of these, blocks with the set of all its values.
        n_narrow: of these, blocks that cannot hold some value that lies within the bounds of all;
            the others are skipped only for values that no block holds.
    """

    name: str
    n_blocks: int
    n_bounded: int
    n_sets: int
    n_narrow: int


@dataclass(frozen=True, repr=False)
class Inspection(Result):
    """Description of a source, a codec, or an encoded or decoded dataset.

    Args:
        kind: what the path holds, in words.
        path: the path as given.
        facts: measures by name.
        columns: schema, with statistics where a codec has them.
        bytes: where the bytes lie; None unless the path is an encoded dataset.
        plan: candidates from which the planner chose an archive's codec.
        fidelity: how much of each feature column the archive's promise preserves; for a source,
            how much the default settings would.
        costs: bytes of each column as plain Parquet and coded, for archives.
        skipping: columns by whose bounds blocks can be skipped, for archives.
    """

    kind: str
    path: str
    facts: dict[str, str | int | float]
    columns: tuple[InspectedColumn, ...]
    bytes: ByteAccount | None = None
    plan: tuple[Candidate, ...] = ()
    fidelity: tuple[ColumnFidelity, ...] = ()
    costs: tuple[ColumnCost, ...] = ()
    skipping: tuple[ColumnSkipping, ...] = ()
