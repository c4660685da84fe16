"""Choose how to store each column of a block: one walk in the order in which they are decoded.

Each column is stored in the fewest bytes among the ways that its codec has; those after it are
predicted from what was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from ae_pipeline.codec.archive.column import LaneWays, Present, Stored
from ae_pipeline.codec.archive.effort import EVERY_METHOD, WayChoice
from ae_pipeline.codec.archive.table import KnownTable, TableCodec, dead, pack_picks, spread
from ae_pipeline.codec.archive.ways import linear_ways, smallest, with_main
from ae_pipeline.coding import (
    LINEAR_METHODS,
    MODELLED_VALIDITY,
    NETWORK_METHODS,
    LinearPredictor,
    MappedStreams,
    Method,
    State,
    SubStream,
    pack_integers,
    source_cells,
)
from ae_pipeline.mapping import Sequence as Integers
from ae_pipeline.mapping import Split
from ae_pipeline.table.references import Picks, pick_references

#: Encodes the cells of a column with the table model, if that has one of it.
Modelled: TypeAlias = Callable[[Stored], bytes | None]


@dataclass
class FeatureWalk:
    """Stores the feature columns of a block one after the other.

    Args:
        predictor: None if no column is predicted linearly.
        present: values of each feature column.
        ways: to store each, to which those of linear prediction are added.
        choice: the ways that are tried.
    """

    predictor: LinearPredictor | None
    present: Sequence[Present]
    ways: Sequence[LaneWays]
    choice: WayChoice = field(default_factory=WayChoice)
    chosen: dict[int, Stored] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_rows = len(self.present[0].is_valid) if self.present else 0
        self._cells = np.zeros((len(self.ways) if self.predictor else 0, n_rows))

    def run(self, numbers: Iterable[int]) -> tuple[Stored, ...]:
        """Store columns in this order; return how they are stored in schema order."""
        for number in numbers:
            self.store(number)
        return self.columns

    @property
    def columns(self) -> tuple[Stored, ...]:
        """How all columns are stored, in schema order."""
        return tuple(self.chosen[number] for number in range(len(self.ways)))

    def store(self, number: int, modelled: Modelled | None = None) -> Stored:
        """Store a column in the smallest way tried; of all ways, if those take more than forecast.

        Args:
            number: of the column.
            modelled: encodes the cells of direct coding with the table model, if it has one.
        """
        wanted, n_values = self.choice.wanted(number), len(self.present[number].values)
        ways = self._ways(number, modelled, wanted)
        most = self.choice.most_bytes(number, n_values)
        if wanted != EVERY_METHOD and (not ways or smallest(ways).streams.n_bytes > most):
            ways += self._ways(number, modelled, EVERY_METHOD - wanted)
        self.choice.note(number, {w.streams.method: w.streams.n_bytes for w in ways}, n_values)
        return self.choose(number, ways)

    def _ways(
        self, number: int, modelled: Modelled | None, wanted: frozenset[Method]
    ) -> list[Stored]:
        """Return the wanted ways of one column, as far as there are any."""
        own, part = self.ways[number], self.present[number]
        learned = [one for one in (own.learned,) if one and one.streams.method in wanted]
        if wanted <= NETWORK_METHODS:
            return learned
        direct = own.direct
        ways = [direct.packed] if direct.streams.method in wanted else []
        ways += learned
        if direct.streams.method is not Method.DIRECT:
            return ways
        if self.predictor is not None and len(part.values) and wanted & LINEAR_METHODS:
            prediction = self.predictor.predict(number, self._cells, part.is_valid)
            if prediction is not None:
                most = self.choice.most_bytes(number, len(part.values))
                is_quick = self.choice.limits.is_quick
                ways += linear_ways(direct, prediction, ways, wanted, most, is_quick=is_quick)
        series = own.series(ways) if Method.SERIES in wanted else None
        ways += [] if series is None else [series]
        table = modelled(direct) if modelled is not None and Method.TABLE in wanted else None
        return ways if table is None else [*ways, with_main(direct, Method.TABLE, table)]

    def choose(self, number: int, ways: Sequence[Stored]) -> Stored:
        """Store a column in the smallest way."""
        best = smallest(ways)
        self.chosen[number] = best
        if self.predictor is not None:
            self._cells[number] = source_cells(best.cells, self.present[number].is_valid)
        return best


@dataclass
class TableWalk:
    """Stores all columns of a block, each with what the table model knows by then.

    Args:
        table: mappings and model.
        features: walk over the feature columns.
        numbers: feature numbers by name.
        order: of the sub-columns, and of the feature columns that have none.
        splits: the mapped columns that the block has, as integers.
        n_rows: rows of the block.
    """

    table: TableCodec
    features: FeatureWalk
    numbers: Mapping[str, int]
    order: Iterable[str]
    splits: Mapping[str, Split]
    n_rows: int

    def __post_init__(self) -> None:
        self._picks = self._pick()
        self._known = KnownTable(self.table, self.n_rows, self._picks)
        self._stored: dict[str, SubStream] = {}
        self._validity: dict[int, bytes] = {}

    def run(self) -> tuple[tuple[Stored, ...], tuple[MappedStreams, ...]]:
        """Return how the feature columns are stored, and the streams of the mapped ones."""
        for name in self.order:
            column = self.table.subcolumns.get(name)
            if column is None:
                self.features.store(self.numbers[name])
            elif name in self.table.hints:
                self._known.add_hint(name)
            elif column.column in self.table.mapped:
                self._store_integers(name)
            elif column.role == "validity":
                self._store_validity(name, self.numbers[column.column])
            else:
                self._store_cells(name, self.numbers[column.column])
        for number in range(len(self.features.ways)):
            if number not in self.features.chosen:  # its column is mapped
                self.features.store(number)
        columns = enumerate(self.features.columns)
        stored = tuple(self._with_validity(number, one) for number, one in columns)
        mapped = (self._mapped(mapping.column) for mapping in self.table.mappings)
        return stored, (*mapped, *pack_picks(self._picks))

    def _pick(self) -> Picks | None:
        """Choose what to follow by what the columns hold before they are stored."""
        references = self.table.references
        if references is None or not self.n_rows:
            return None if references is None else references.no_picks(0)
        known = {name: self._source(name) for name in references.sequences}
        return pick_references(references, known)

    def _source(self, name: str) -> Integers:
        """Return the integers of a sub-column of the rows, as its column's source has them."""
        column = self.table.subcolumns[name]
        if column.column in self.table.mapped:
            return self._split(name) or dead(self.n_rows)
        number = self.numbers[column.column]
        if column.role == "validity":
            return Integers(self.features.present[number].is_valid.astype(np.int64), None)
        return self._cells(name, number, self.features.ways[number].direct)

    def _split(self, name: str) -> Integers | None:
        split = self.splits.get(self.table.subcolumns[name].column)
        return None if split is None or split.is_whole else split.sequences[name]

    def _store_integers(self, name: str) -> None:
        sequence = self._split(name)
        if sequence is None:
            self._known.add(name, dead(self._known.rows_of(name).n_rows))
            return
        self._stored[name] = self._smaller(name, sequence)
        self._known.add(name, sequence)

    def _smaller(self, name: str, sequence: Integers) -> SubStream:
        """Return the smaller of a stream of the model, if there is one, and an integer stream.

        Where the one that is tried takes more bytes than forecast, both are.
        """
        choice, live = self.features.choice, sequence.live
        n_values = len(sequence.integers) if live is None else int(np.count_nonzero(live))
        wanted = choice.wanted(name)
        streams = self._streams(name, sequence, wanted)
        most = choice.most_bytes(name, n_values)
        if wanted != EVERY_METHOD and (not streams or _least(streams) > most):
            streams |= self._streams(name, sequence, EVERY_METHOD - wanted)
        choice.note(name, {method: len(one) for method, one in streams.items()}, n_values)
        best = min(sorted(streams), key=lambda method: len(streams[method]))
        return SubStream(streams[best], best is Method.TABLE)

    def _streams(
        self, name: str, sequence: Integers, wanted: frozenset[Method]
    ) -> dict[Method, bytes]:
        """Return the wanted streams of a sub-column, as far as there are any."""
        live, integers = sequence.live, sequence.integers
        found = {}
        if Method.DIRECT in wanted:
            found[Method.DIRECT] = pack_integers(integers if live is None else integers[live])
        modelled = self._modelled(name, sequence) if Method.TABLE in wanted else None
        return found if modelled is None else {**found, Method.TABLE: modelled}

    def _modelled(self, name: str, sequence: Integers) -> bytes | None:
        coder = self.table.coders.get(name)
        return None if coder is None else coder.encode(self._known.rows_of(name), sequence)

    def _store_validity(self, name: str, number: int) -> None:
        part = self.features.present[number]
        sequence = Integers(part.is_valid.astype(np.int64), None)
        modelled = self._modelled(name, sequence) if part.validity else None
        if modelled is not None and 1 + len(modelled) < len(part.validity):
            self._validity[number] = bytes([MODELLED_VALIDITY]) + modelled
        self._known.add(name, sequence)

    def _store_cells(self, name: str, number: int) -> None:
        def modelled(direct: Stored) -> bytes | None:
            return self._modelled(name, self._cells(name, number, direct))

        best = self.features.store(number, modelled)
        self._known.add(name, self._cells(name, number, best))

    def _cells(self, name: str, number: int, stored: Stored) -> Integers:
        is_valid = self.features.present[number].is_valid
        return spread(stored.cells, is_valid, self.table.lows[name])

    def _with_validity(self, number: int, stored: Stored) -> Stored:
        validity = self._validity.get(number, stored.streams.validity)
        return replace(stored, streams=replace(stored.streams, validity=validity))

    def _mapped(self, column: str) -> MappedStreams:
        split = self.splits.get(column)
        if split is None:
            return MappedStreams(State.ABSENT)
        if split.is_whole:
            return MappedStreams(State.WHOLE, split.side)
        own = tuple(self._stored[one.name] for one in self.table.mapped[column].subcolumns)
        state = State.WITH_SIDE if split.side else State.INTEGERS
        return MappedStreams(state, split.side, own)


def _least(streams: Mapping[Method, bytes]) -> int:
    return min(map(len, streams.values()))
