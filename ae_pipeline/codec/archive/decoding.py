"""Decode the wanted columns of a block, after those that they are predicted from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float64, Int64

from ae_pipeline.codec.archive.column import ColumnCodec, Decoded, Predictions
from ae_pipeline.codec.archive.table import (
    KnownTable,
    TableCodec,
    dead,
    spread,
    unpack_picks,
    validity_of,
)
from ae_pipeline.coding import (
    LINEAR_METHODS,
    MODELLED_VALIDITY,
    NETWORK_METHODS,
    BlockStreams,
    ColumnStreams,
    LinearPredictor,
    Method,
    State,
    source_cells,
    unpack_integers,
    unpack_validity,
)
from ae_pipeline.mapping import Sequence

Predicted = Mapping[int, Float64[np.ndarray, "rows"]]


@dataclass
class FeatureDecoding:
    """Decodes feature columns one after the other.

    Args:
        columns: codecs of all feature columns.
        predictor: None if no column is predicted linearly.
        block: to decode.
        predict: returns the predictions of the network by feature number; the costliest step, so
            only a column that needs them asks for them.
    """

    columns: tuple[ColumnCodec, ...]
    predictor: LinearPredictor | None
    block: BlockStreams
    predict: Callable[[], Predicted]
    arrays: dict[int, pa.Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_predicted = len(self.columns) if self.predictor is not None else 0
        self._cells = np.zeros((n_predicted, self.block.n_rows))

    def decode(
        self,
        number: int,
        is_valid: Bool[np.ndarray, "rows"] | None = None,
        cells: Int64[np.ndarray, "present"] | None = None,
    ) -> Decoded:
        """Decode a column.

        Args:
            number: of the feature.
            is_valid: rows that are not null; None to read them from its streams.
            cells: of a column that the table model codes.
        """
        streams = self.block.columns[number]
        predictions = self._predictions(number, streams)
        if cells is not None:
            predictions = Predictions(cells=cells)
        found = self.columns[number].decode(streams, self.block.n_rows, predictions, is_valid)
        self.arrays[number] = found.array
        if self.predictor is not None:
            self._cells[number] = source_cells(found.cells, found.is_valid)
        return found

    def _predictions(self, number: int, streams: ColumnStreams) -> Predictions:
        if self.predictor is not None and streams.method is Method.LINEAR_RESIDUALS:
            follows = bool(self.predictor.follows[number])
            return Predictions(None, self.predictor.base(number, self._cells), follows)
        if self.predictor is not None and streams.method is Method.LINEAR_CONTEXTS:
            context_values = self.predictor.context_values(number, self._cells)
            return Predictions(context_values=context_values)
        if streams.method in NETWORK_METHODS:
            return Predictions(self._network.get(number))
        return Predictions()

    @cached_property
    def _network(self) -> Predicted:
        return self.predict()


@dataclass
class TableDecoding:
    """Decodes sub-columns and feature columns in the order of the table model.

    Args:
        table: mappings and model.
        features: decodes the lanes of feature columns.
        names: of the lanes.
        order: of the sub-columns, and of the lanes that have none.
    """

    table: TableCodec
    features: FeatureDecoding
    names: tuple[str, ...]
    order: tuple[str, ...]

    def __post_init__(self) -> None:
        self._block = self.features.block
        own, picks = unpack_picks(self.table, self._block)
        self._known = KnownTable(self.table, self._block.n_rows, picks)
        features = enumerate(self.names)
        mapped_names = self.table.mapped
        self._numbers = {name: n for n, name in features if name not in mapped_names}
        mapped = zip(self.table.mappings, own, strict=True)
        self._mapped = {mapping.column: streams for mapping, streams in mapped}
        self._streams = {
            column.name: stream
            for mapping in self.table.mappings
            for column, stream in zip(
                mapping.subcolumns, self._mapped[mapping.column].substreams, strict=False
            )
        }

    @cached_property
    def _places(self) -> dict[str, int]:
        """Places of sub-columns in the order of decoding."""
        return {name: place for place, name in enumerate(self.order)}

    def run(self, numbers: Iterable[int], columns: Iterable[str]) -> dict[str, pa.Array]:
        """Decode these lanes, and return these mapped columns by name."""
        numbers = list(numbers)
        columns = [name for name in columns if self._mapped[name].state is not State.ABSENT]
        needed = self._needed(numbers, columns)
        for name in self.order:
            if name not in needed:
                continue
            if name in self.table.subcolumns:
                self._decode(name)
            else:
                self.features.decode(self._numbers[name])
        for number in numbers:
            if number not in self.features.arrays:  # named like a sub-column
                self.features.decode(number)
        return {name: self._join(name) for name in columns}

    def _needed(self, numbers: Iterable[int], columns: Iterable[str]) -> set[str]:
        """Return the sub-columns that have to be decoded."""
        found = {name for number in numbers for name in self._of_feature(self.names[number])}
        found |= {one.name for name in columns for one in self.table.mapped[name].subcolumns}
        for name in reversed(self.order):
            if name in found:
                found.update(self._sources(name))
        return found

    def _of_feature(self, name: str) -> Iterator[str]:
        yield name
        if validity_of(name) in self.table.subcolumns:
            yield validity_of(name)

    def _sources(self, name: str) -> Iterator[str]:
        """Yield the sub-columns and lanes that one is decoded from."""
        if name not in self.table.subcolumns:
            yield from self._linear_sources(self._numbers[name])
            return
        column = self.table.subcolumns[name]
        if name in self.table.hints and self.table.references is not None:
            yield from self.table.references.keys
            return
        yield from (one for one in (column.parent, column.space) if one)
        if self._is_modelled(name):
            yield from self.table.coders[name].needs
        number = self._numbers.get(column.column)
        is_cells = number is not None and column.role != "validity"
        if number is not None and is_cells:
            yield from self._linear_sources(number)

    def _linear_sources(self, number: int) -> Iterator[str]:
        predictor = self.features.predictor
        if predictor is not None and self._block.columns[number].method in LINEAR_METHODS:
            own = self._places[self.names[number]]
            for source in predictor.sources_of(number):
                found = self._of_feature(self.names[source])
                yield from (
                    one for one in found if self._places.get(one, own) < own
                )  # later ones count 0

    def _is_modelled(self, name: str) -> bool:
        """Whether the table model coded a sub-column of this block."""
        column = self.table.subcolumns[name]
        number = self._numbers.get(column.column)
        if number is None:
            stream = self._streams.get(name)
            is_modelled = stream is not None and stream.is_modelled
        elif column.role == "validity":
            is_modelled = self._block.columns[number].validity[:1] == bytes([MODELLED_VALIDITY])
        else:
            is_modelled = self._block.columns[number].method is Method.TABLE
        if is_modelled and name not in self.table.coders:
            raise ValueError(f"sub-column {name!r:.40} has no model")
        return is_modelled

    def _decode(self, name: str) -> None:
        column = self.table.subcolumns[name]
        number = self._numbers.get(column.column)
        if name in self.table.hints:
            self._known.add_hint(name)
            return
        if number is None:
            sequence = self._decode_integers(name)
        elif column.role == "validity":
            sequence = self._decode_validity(name, number)
        else:
            sequence = self._decode_cells(name, number)
        self._known.add(name, sequence)

    def _decode_integers(self, name: str) -> Sequence:
        rows = self._known.rows_of(name)
        if name not in self._streams:
            return dead(rows.n_rows)
        return self._read(name, self._streams[name].content)

    def _decode_validity(self, name: str, number: int) -> Sequence:
        content = self._block.columns[number].validity
        if self._is_modelled(name):
            return self._read(name, content[1:])
        is_valid = unpack_validity(content, self._block.n_rows)
        return Sequence(is_valid.astype(np.int64), None)

    def _decode_cells(self, name: str, number: int) -> Sequence:
        is_valid, low = self._is_valid(number), self.table.lows[name]
        cells = None
        if self._is_modelled(name):
            live = None if is_valid.all() else is_valid
            content = self._block.columns[number].main
            own = self.table.coders[name].decode(content, self._known.rows_of(name), live)
            cells = own[is_valid] + np.int64(low)
        found = self.features.decode(number, is_valid, cells)
        return spread(found.cells, is_valid, low)

    def _is_valid(self, number: int) -> Bool[np.ndarray, "rows"]:
        """Return the rows in which a feature column is not null."""
        validity = self._known.sequences.get(validity_of(self.names[number]))
        if validity is not None:
            return validity.integers == 1
        return unpack_validity(self._block.columns[number].validity, self._block.n_rows)

    def _read(self, name: str, content: bytes) -> Sequence:
        """Decode the integers of a sub-column in the rows where it has some."""
        rows, live = self._known.rows_of(name), self._known.live(name)
        if self._is_modelled(name):
            return Sequence(self.table.coders[name].decode(content, rows, live), live)
        if live is None:
            return Sequence(unpack_integers(content, rows.n_rows), None)
        full = np.zeros(rows.n_rows, np.int64)
        full[live] = unpack_integers(content, int(live.sum()))
        return Sequence(full, live)

    def _join(self, name: str) -> pa.Array:
        streams, mapping = self._mapped[name], self.table.mapped[name]
        own = {one.name: self._known.sequences[one.name] for one in mapping.subcolumns}
        is_whole = streams.state is State.WHOLE
        return mapping.join(own, streams.side, is_whole, self._block.n_rows)
