"""The columns that a reader of one column decodes with it, at most.

A block may need fewer: each of its columns is stored in the smallest way, and some of these need no
other column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ae_pipeline.codec.archive.codec import ArchiveCodec
from ae_pipeline.codec.archive.table import TableCodec, validity_of
from ae_pipeline.coding import LinearPredictor


def needed_columns(codec: ArchiveCodec) -> dict[str, tuple[str, ...]]:
    """Return the other columns that each coded column may be decoded from, in schema order."""
    names = codec.coded_columns
    places = {name: 1 << place for place, name in enumerate(names)}
    sets = _sets(codec, places)
    return {
        name: tuple(one for one in names if sets[name] & places[one] and one != name)
        for name in names
    }


def _sets(codec: ArchiveCodec, places: dict[str, int]) -> dict[str, int]:
    """Return the columns that each may be decoded from, itself among them, as sets of bits."""
    schema, found = codec.schema, dict(places)
    spans = zip(schema.features, schema.spans, strict=True)
    owners = {schema.lanes[number]: name for name, numbers in spans for number in numbers}
    lanes = {name: number for number, name in enumerate(schema.lanes)}
    own: dict[str, int] = {}
    for name in codec.coding_order:
        column = owners.get(name, name)
        sources = _of_lane(codec.predictor, lanes, name)
        is_hint = False
        if codec.table is not None and name in codec.table.subcolumns:
            column = codec.table.subcolumns[name].column
            column = column if column in codec.table.mapped else owners.get(column, column)
            sources = _sources(codec.table, codec.predictor, lanes, name)
            is_hint = name in codec.table.hints  # said by the codec and the keys
        start = 0 if is_hint else places[column]
        own[name] = _union((own[one] for one in sources if one in own), start)
        found[column] |= 0 if is_hint else own[name]
    return found


def _of_lane(
    predictor: LinearPredictor | None, lanes: Mapping[str, int], name: str
) -> Iterator[str]:
    """Yield the lanes that a lane is predicted from."""
    if predictor is not None and name in lanes:
        names = tuple(lanes)
        yield from (names[source] for source in predictor.sources_of(lanes[name]))


def _sources(
    table: TableCodec, predictor: LinearPredictor | None, lanes: Mapping[str, int], name: str
) -> Iterator[str]:
    """Yield the sub-columns that one may be decoded from; those that come later count as 0."""
    column = table.subcolumns[name]
    if name in table.hints and table.references is not None:
        yield from table.references.keys
    yield from (one for one in (column.parent, column.space) if one)
    if name in table.coders:
        yield from table.coders[name].needs
    if column.column not in table.mapped and name == column.column:
        for source in _of_lane(predictor, lanes, name):
            yield from (validity_of(source), source)


def _union(sets: Iterable[int], start: int) -> int:
    for one in sets:
        start |= one
    return start
