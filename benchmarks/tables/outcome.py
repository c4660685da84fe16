"""A table beside its peers: figures, verdicts, and tables of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.tables.archive import ArchiveEntry
from benchmarks.tables.peer import TableEntry

_MB = 1e6
_RATES = ("encode MB/s", "decode MB/s")


@dataclass(frozen=True)
class TableComparison:
    """Everything measured on one dataset.

    Args:
        dataset: its name.
        n_rows: rows of all files.
        n_columns: columns in the files, without partition keys.
        n_files: number of files.
        arrow_bytes: size of the rows in memory.
        peers: lossless formats, the source's own files first.
        archives: ours, one for each tolerance.
    """

    dataset: str
    n_rows: int
    n_columns: int
    n_files: int
    arrow_bytes: int
    peers: tuple[TableEntry, ...]
    archives: tuple[ArchiveEntry, ...]

    @property
    def best(self) -> TableEntry:
        """The smallest of the lossless peers."""
        return min((peer for peer in self.peers if not peer.failure), key=lambda p: p.n_bytes)

    @property
    def source_bytes(self) -> int:
        """Size of the source's own files."""
        return self.peers[0].n_bytes

    @property
    def is_met(self) -> bool:
        """Whether every archive keeps its promise and takes no more than the best peer."""
        return all(one.keeps_promise and one.n_bytes <= self.best.n_bytes for one in self.archives)


def peer_table(found: TableComparison) -> Table:
    """Return a table of every peer, the smallest last, and ours below it."""
    peers = sorted(found.peers, key=lambda peer: (bool(peer.failure), -peer.n_bytes))
    ours = [one.n_bytes for one in found.archives if not one.failure]
    unit = ours[0] if ours else found.best.n_bytes
    return Table(
        title=f"{found.dataset}: {found.n_rows:,} rows x {found.n_columns} in {found.n_files} "
        f"file{'s' if found.n_files > 1 else ''}, {found.arrow_bytes / _MB:.1f} MB",
        headings=("stored by", "bytes", "times ours" if ours else "times best", *_RATES),
        rows=(
            *(_peer_row(peer, unit, found.arrow_bytes) for peer in peers),
            *(_archive_row(one, unit, found.arrow_bytes) for one in found.archives),
        ),
        note=" ".join([*map(_archive_note, found.archives), *_peer_notes(found.peers)]),
    )


def summary_table(found: Sequence[TableComparison]) -> Table:
    """Return every dataset and tolerance beside its source and its best peer."""
    return Table(
        title="Whole tables",
        headings=("data, tolerance", "source", "best lossless", "ours", "smaller", "than source"),
        rows=tuple(_summary(one, archive) for one in found for archive in one.archives),
        note="Bytes of everything: model and containers count. Tolerance: part of each float "
        "column's spread; all other columns are exact. Smaller: best lossless peer over ours.",
    )


def column_table(found: TableComparison) -> Table:
    """Return the bytes of each column with the peers that store columns apart."""
    peers = [peer for peer in found.peers if peer.columns]
    names = dict.fromkeys(name for peer in peers for name in peer.columns or ())
    return Table(
        title=f"{found.dataset}: bytes by column",
        headings=("column", *(peer.name for peer in peers), "least"),
        rows=tuple(_column_row(name, peers) for name in names),
    )


def _column_row(name: str, peers: Sequence[TableEntry]) -> tuple[Cell, ...]:
    sizes = [(peer.columns or {}).get(name) for peer in peers]
    return name, *sizes, min(size for size in sizes if size is not None)


def _peer_row(peer: TableEntry, unit: int, arrow_bytes: int) -> tuple[Cell, ...]:
    if peer.failure:
        return peer.name, None, None, None, None
    name = f"{peer.name}, {peer.layout}" if peer.layout else peer.name
    rates = _rate(arrow_bytes, peer.encode_s), _rate(arrow_bytes, peer.decode_s)
    return name, peer.n_bytes, f"{peer.n_bytes / unit:.2f}x", *rates


def _archive_row(one: ArchiveEntry, unit: int, arrow_bytes: int) -> tuple[Cell, ...]:
    name = f"ours, {_percent(one.tolerance)}"
    if one.failure:
        return name, None, None, None, None
    rates = _rate(arrow_bytes, one.encode_s), _rate(arrow_bytes, one.decode_s)
    return name, one.n_bytes, f"{one.n_bytes / unit:.2f}x", *rates


def _archive_note(one: ArchiveEntry) -> str:
    if one.failure:
        return f"Ours, {_percent(one.tolerance)}: {one.failure}."
    if one.keeps_promise:
        kept = "every value kept"
    else:
        kept = f"BROKEN: {one.n_wrong:,} values differ, error {one.worst:.3g} of the promise"
    return (
        f"Ours, {_percent(one.tolerance)}: {kept}; fit {one.fit_s:.1f} CPU-s, model "
        f"{one.model_bytes:,} bytes."
    )


def _peer_notes(peers: Sequence[TableEntry]) -> list[str]:
    failed = [f"{peer.name}: {peer.failure}." for peer in peers if peer.failure]
    fallen = [f"{p.name}: {_named(p.fallen)} as Parquet." for p in peers if p.fallen]
    return [*failed, *fallen, "MB: Arrow's, per CPU-second; every peer read back and compared."]


def _named(names: Sequence[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _summary(found: TableComparison, one: ArchiveEntry) -> tuple[Cell, ...]:
    sizes = f"{found.dataset}, {_percent(one.tolerance)}", found.source_bytes, found.best.n_bytes
    if one.failure:
        return *sizes, None, None, None
    kept = "" if one.keeps_promise else " BROKEN"
    return (
        *sizes,
        one.n_bytes,
        f"{found.best.n_bytes / one.n_bytes:.2f}x{kept}",
        f"{found.source_bytes / one.n_bytes:.2f}x",
    )


def _percent(tolerance: float) -> str:
    return f"{100 * tolerance:g} %" if tolerance else "exact"


def _rate(n_bytes: int, seconds: float | None) -> float | None:
    return None if seconds is None else n_bytes / _MB / max(seconds, 1e-6)
