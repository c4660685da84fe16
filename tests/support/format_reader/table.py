"""The table of a codec: mapped columns, and the coding of their sub-columns (sections 4.1, 4.6)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON trees

from tests.support.format_reader.mappings.columns import Known, Mapped
from tests.support.format_reader.mappings.sub_columns import Sub, subs_of
from tests.support.format_reader.references import Kept, read_references
from tests.support.format_reader.streams import Bytes, read_integers
from tests.support.format_reader.sub_column import Rows, read_sub_column
from tests.support.format_reader.table_model import ModelFile


@dataclass
class Table:
    """The table of a codec.

    Args:
        columns: the object of each mapped column, with `tables` and `subs`.
        owner: feature number of sub-columns of feature columns.
        subs: all sub-columns by number.
        order: their numbers in coding order.
        models: by number.
        lows: cell of each feature column that is 0 as a sub-column, by name.
        kept: references, if the codec has some.
    """

    columns: list[dict[str, Any]]
    owner: dict[str, int]
    subs: list[Sub]
    order: list[int]
    models: dict[int, dict[str, Any]]
    lows: dict[str, int]
    kept: Kept | None = None


def read_table(folder: Path, codec: dict[str, Any]) -> Table | None:
    """The table of a codec, if it has one."""
    if "table" not in codec:
        return None
    values = Bytes((folder / "values.bin").read_bytes())
    columns = codec["table"]["columns"]
    for column in columns:
        column["tables"] = [values.take(values.varint()) for _ in range(column["n_tables"])]
        kind = codec["kinds"].field(column["name"]).type
        column["subs"] = subs_of(column, column["name"], kind)
    assert values.position == len(values.content)
    owner: dict[str, int] = {}
    subs: list[Sub] = []
    left, lows = iter(codec["table"]["lows"]), {}
    for number, feature in enumerate(codec["features"]):
        if feature.get("width", 1) > 16:
            continue
        name, has_cells = feature["name"], feature["tolerance"] or "grid" in feature
        lows[name] = next(left) if has_cells else 0
        own = _cells(feature, name in codec["table"]["nullable"], lows[name])
        owner |= dict.fromkeys([one.name for one in own], number)
        subs += own
    subs += [one for column in columns for one in column["subs"]]
    kept = None
    if codec["table"].get("references"):
        kept = read_references(folder / "references.bin", subs)
        subs += kept.hints(subs)
    file = ModelFile((folder / "table.bin").read_bytes())
    order, models = file.table(len(subs))
    return Table(columns, owner, subs, order, models, lows, kept)


def _cells(feature: dict[str, Any], has_validity: bool, low: int) -> list[Sub]:
    name = feature["name"]
    own = [Sub(f"{name}?")] if has_validity else []
    grid, offset = feature.get("grid"), 0
    if not feature["tolerance"] and grid is None:
        return own
    if grid and grid["kind"] == "decimal" and 0 <= grid["places"] <= 15:
        offset = low + round(feature["offset"] * 10 ** grid["places"])
    elif not grid and 2 * feature["tolerance"] == 1 and feature["offset"].is_integer():
        offset = low + int(feature["offset"])
    parent, allowed = (f"{name}?", (1,)) if has_validity else (None, ())
    return [*own, Sub(name, offset, 1, parent, allowed)]


class TableRows:
    """The sub-columns of a block that are known so far."""

    def __init__(self, table: Table, n_rows: int) -> None:
        self.table, self.n_rows = table, n_rows
        self.known: Known = {}
        self.numbers = {one.name: number for number, one in enumerate(table.subs)}
        self.meanings = {n: (one.offset, one.step) for n, one in enumerate(table.subs)}

    def rows_of(self, sub: Sub) -> Rows:
        """Rows of the space of a sub-column."""
        size = sum(n or 0 for n in self.known[sub.space]) if sub.space else self.n_rows
        spaces = {one.name: one.space for one in self.table.subs}
        own = {
            self.numbers[name]: integers
            for name, integers in self.known.items()
            if spaces[name] == sub.space
        }
        return Rows(size, own, self.meanings)

    def live_of(self, sub: Sub) -> list[bool]:
        """Rows in which a sub-column has an integer, by its parent."""
        if sub.parent is None:
            return [True] * self.rows_of(sub).n_rows
        return [one in sub.allowed for one in self.known[sub.parent]]

    def read(self, sub: Sub, content: bytes, is_live: list[bool], *, is_modelled: bool) -> None:
        """Take note of the integers of a stream."""
        rows = self.rows_of(sub)
        if is_modelled:
            model = self.table.models[self.numbers[sub.name]]
            self.known[sub.name] = read_sub_column(content, model, rows, is_live)
            return
        left = iter(read_integers(content, sum(is_live)).tolist())
        self.known[sub.name] = [next(left) if one else None for one in is_live]


class MappedColumns:
    """The mapped columns of a block: their entries of the directory, then their streams."""

    def __init__(self, table: Table, ways: Bytes, sizes: Bytes) -> None:
        self.table, self.entries = table, []
        for column in table.columns:
            state = ways.take(1)[0]
            side = sizes.varint() if state in (1, 2) else 0
            own = [sizes.varint() for _ in column["subs"]] if state < 2 else []
            self.entries.append((state, side, own))
        self.followed: list[int] = []
        if table.kept and ways.take(1)[0] == 0:
            self.followed = [sizes.varint() // 2 for _ in range(1 + len(table.kept.names))]
        self.picks: list[bytes] = []
        self.sides: list[bytes] = []
        self.streams: dict[str, tuple[bytes, bool]] = {}

    def take(self, taken: Bytes) -> None:
        """Take the streams."""
        for column, (_, side, own) in zip(self.table.columns, self.entries, strict=True):
            self.sides.append(taken.take(side))
            for sub, entry in zip(column["subs"], own, strict=False):
                self.streams[sub.name] = taken.take(entry // 2), bool(entry % 2)
        self.picks = [taken.take(size) for size in self.followed]

    def read_integers(self, sub: Sub, rows: TableRows) -> None:
        """Take note of a sub-column."""
        kept, name = self.table.kept, sub.name.removesuffix("@")
        if kept and name != sub.name and name in kept.names:
            rows.known[sub.name] = kept.hint(name, self.picks, rows.known, rows.n_rows)
            return
        if sub.name not in self.streams:
            rows.known[sub.name] = [None] * rows.rows_of(sub).n_rows
            return
        content, is_modelled = self.streams[sub.name]
        rows.read(sub, content, rows.live_of(sub), is_modelled=is_modelled)

    def columns(self, kinds: Any, rows: TableRows) -> dict[str, Any]:
        """Arrays of the columns that are there."""
        found = {}
        for column, (state, _, _), side in zip(
            self.table.columns, self.entries, self.sides, strict=True
        ):
            name, every = column["name"], list(range(rows.n_rows))
            mapped = Mapped(
                column, name, kinds.field(name).type, column["tables"], rows.known, every
            )
            if state < 3:
                found[name] = mapped.read(side, is_whole=state == 2)
        return found
