"""Decide, by bytes, which columns are coded and which stay plain Parquet, readable in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from ae_pipeline.codec.archive import ArchiveCodec, TableCodec
from ae_pipeline.columns import TableSchema, rounded
from ae_pipeline.fitting.references import FittedReferences
from ae_pipeline.fitting.table_sample import SampledTable
from ae_pipeline.mapping import SubColumn
from ae_pipeline.parquet import plain_sizes
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.table import TableModel, needs_of, pack_table
from ae_pipeline.table.references import hints_of
from ae_pipeline.table_fit import FittedTable

#: A column that costs at most this much more as plain Parquet stays plain.
_READABLE = 1.03
_COST_DIGITS = 3


@dataclass(frozen=True)
class TableChoice:
    """The columns that are coded, as plain Parquet costs more.

    Args:
        sampled: rows that costs are measured on.
        fitted: model of all sub-columns.
        codes_all: keep no column readable.
        kept: rows that blocks may repeat, if there are any.
    """

    sampled: SampledTable
    fitted: FittedTable
    codes_all: bool
    kept: FittedReferences | None = None

    def table(self) -> TableCodec:
        """Return the table of the columns that are coded."""
        own = (one for one in self.sampled.mappings if one.column not in self._left_out)
        mappings = tuple(own)
        cells = self.sampled.cells
        columns = (*cells, *(one for mapping in mappings for one in mapping.subcolumns))
        whole, all_columns = self.fitted.model, (*columns, *self._hints)
        names = {one.name for one in all_columns}
        model = TableModel(
            tuple(name for name in whole.order if name in names),
            tuple(one for one in whole.models if one.name in names),
        )
        kept = b"" if self.kept is None else self.kept.pack(columns)
        return TableCodec(mappings, cells, pack_table(model, all_columns), self.sampled.lows, kept)

    def costs(self) -> tuple[ColumnCost, ...]:
        """Return the bytes of each column of the schema, plain and coded."""
        return tuple(map(self._cost, self.sampled.codec.schema.arrow.names))

    def _cost(self, name: str) -> ColumnCost:
        is_coded = name in self._payload and name not in self._left_out
        if not is_coded and name in self.sampled.codec.schema.features:
            n_bytes = round(self._lossless(name))
            plain = _short(self._plain[name])
            return ColumnCost(name, "by itself", plain, _short(n_bytes), 0, is_coded=True)
        return ColumnCost(
            name=name,
            way=self._way(name) if is_coded else "",
            plain_bytes=_short(self._plain.get(name, 0)),
            coded_bytes=_short(self._payload.get(name, 0)),
            model_bytes=_short(self._model.get(name, 0)),
            is_coded=is_coded,
        )

    def _way(self, name: str) -> str:
        """Return how the sub-column that takes most is coded; empty if there is none."""
        own = [self.fitted.costs[one.name] for one in self._columns if self._owner(one) == name]
        return max(own, key=lambda cost: cost.coded_bytes + cost.model_bytes).way if own else ""

    @cached_property
    def _left_out(self) -> frozenset[str]:
        """Columns that nobody else asks for and that cost as little without a mapping."""
        left: set[str] = set()
        while more := {name for name in self._cheap - left if not self._is_needed(name, left)}:
            left |= more
        return frozenset(left)

    @cached_property
    def _cheap(self) -> set[str]:
        names = {mapping.column for mapping in self.sampled.mappings} - self._referenced
        return {name for name in names if self._is_cheap(name)}

    @cached_property
    def _referenced(self) -> set[str]:
        """Columns that references keep; blocks that repeat them cannot do without."""
        if self.kept is None:
            return set()
        kept = self.kept.references.sequences
        return {one.column for one in self._columns if one.name in kept}

    @cached_property
    def _hints(self) -> tuple[SubColumn, ...]:
        if self.kept is None:
            return ()
        names = self.kept.references.names
        return hints_of(one for one in self._columns if one.name in names)

    def _is_cheap(self, name: str) -> bool:
        """Whether plain Parquet, or a stream of numbers for a feature, takes as few bytes."""
        coded = self._payload[name] + self._model[name]
        if name in self.sampled.codec.schema.features:
            return self._lossless(name) < coded
        return not self.codes_all and self._plain[name] <= _READABLE * coded

    def _is_needed(self, name: str, left: set[str]) -> bool:
        users = self._users.get(name, set())
        return bool(users - left - {name})

    @cached_property
    def _users(self) -> Mapping[str, set[str]]:
        """Columns whose models ask for sub-columns of each column."""
        owner = {one.name: self._owner(one) for one in (*self._columns, *self._hints)}
        users: dict[str, set[str]] = {}
        for model in self.fitted.model.models:
            for source in needs_of(model):
                users.setdefault(owner[source], set()).add(owner[model.name])
        return users

    @property
    def _columns(self) -> tuple[SubColumn, ...]:
        return self.sampled.columns

    @cached_property
    def _payload(self) -> Counter[str]:
        """Bytes of each mapped or predicted column in the blocks of the source."""
        found: Counter[str] = Counter()
        for mapping in self.sampled.mappings:
            beside = self.sampled.side_bytes(mapping.column) * self.sampled.share
            found[mapping.column] = round(beside)
        for one in self._columns:
            share = self.fitted.costs[one.name].coded_bytes / self._growth
            found[self._owner(one)] += round(share)
        return found

    @cached_property
    def _model(self) -> Counter[str]:
        """Bytes of each column's part of the model, and of its tables of values."""
        found = Counter({one.column: sum(map(len, one.tables)) for one in self.sampled.mappings})
        for one in self._columns:
            found[self._owner(one)] += self.fitted.costs[one.name].model_bytes
        return found

    def _owner(self, column: SubColumn) -> str:
        """Return the column that a sub-column belongs to, of a lane that of its vectors."""
        return self._owners.get(column.column, column.column)

    @cached_property
    def _owners(self) -> dict[str, str]:
        """The vector column of each of its lanes."""
        schema = self.sampled.codec.schema
        spans = zip(schema.features, schema.spans, strict=True)
        return {schema.lanes[number]: name for name, numbers in spans for number in numbers}

    @cached_property
    def _plain(self) -> dict[str, int]:
        """Bytes of each column of the sample as plain Parquet."""
        sizes = plain_sizes(self.sampled.runs)
        return {name: round(size * self.sampled.share) for name, size in sizes.items()}

    def _lossless(self, name: str) -> float:
        """Return the bytes of a feature column as streams of its own."""
        codec = _alone(self.sampled.codec, name)
        blocks = (codec.encode(run.select([name])) for run in self.sampled.runs)
        return self.sampled.share * sum(block.n_bytes for block in blocks)

    @property
    def _growth(self) -> float:
        return self.sampled.growth


def _alone(codec: ArchiveCodec, name: str) -> ArchiveCodec:
    """Return the codec of one feature column, without any prediction."""
    number = codec.schema.features.index(name)
    return replace(
        codec,
        schema=TableSchema(pa.schema([codec.schema.arrow.field(name)]), (name,)),
        quantizers=codec.quantizers[number : number + 1],
        std=codec.std[number : number + 1],
        predictor=None,
        network=None,
        table=None,
    )


def _short(n_bytes: int) -> int:
    """Return bytes of an extrapolation in digits that are worth keeping in a codec."""
    return int(rounded(float(n_bytes), _COST_DIGITS))
