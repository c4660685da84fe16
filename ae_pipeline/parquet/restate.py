"""Give a Parquet file another schema of the same physical columns, by its footer alone.

Pages know neither names nor annotations. So a file whose leaf columns have the physical types and
levels that another schema asks for becomes a file of that schema once its footer says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ae_pipeline.parquet.footer import (
    COLUMNS,
    META_DATA,
    PATH,
    ROW_GROUPS,
    SCHEMA,
    TAIL_BYTES,
    read_footer_bytes,
)
from ae_pipeline.parquet.schema import ParquetSchema, as_struct, parse_footer
from ae_pipeline.parquet.thrift import (
    BINARY,
    LIST,
    STRUCT,
    Items,
    Struct,
    Thrift,
    Value,
    field_head,
    write_value,
)

_MAGIC = b"PAR1"


def restate(path: Path, schema: ParquetSchema) -> None:
    """Let the footer of a file that we have just written state `schema`.

    Raises:
        ValueError: its leaf columns are not physically those of the schema.
    """
    footer = read_footer_bytes(path)
    ours, _ = parse_footer(footer)
    _check_physical(ours, schema)
    paths = [leaf.path for leaf in schema.leaves]
    is_renamed = paths != [leaf.path for leaf in ours.leaves]
    changed = _restated(footer, schema, paths if is_renamed else None)
    with path.open("r+b") as file:
        file.seek(-TAIL_BYTES - len(footer), os.SEEK_END)
        file.write(changed + len(changed).to_bytes(4, "little") + _MAGIC)
        file.truncate()


def _check_physical(ours: ParquetSchema, theirs: ParquetSchema) -> None:
    one, other = ([leaf.physics for leaf in it.leaves] for it in (ours, theirs))
    if one != other or ours.names != theirs.names:
        raise ValueError("columns are not physically those of the schema")


def _restated(footer: bytes, schema: ParquetSchema, paths: list[tuple[str, ...]] | None) -> bytes:
    """The footer with another schema, and other paths of its column chunks if there are any."""
    thrift, parts, before = Thrift(footer), [], 0
    for number, kind in thrift.fields():
        start = thrift.position
        if number == ROW_GROUPS and paths is not None:
            content = write_value(LIST, _renamed_groups(thrift.value(kind), paths))
        else:
            thrift.skip(kind)
            content = footer[start : thrift.position]
        if number == SCHEMA:
            content = write_value(LIST, schema.to_items())
        parts += [field_head(number, kind, before), content]
        before = number
    return b"".join([*parts, b"\0"])


def _renamed_groups(groups: Value, paths: list[tuple[str, ...]]) -> Value:
    """Row groups whose column chunks have these paths, in order."""
    return _each(groups, lambda group: _changed(group, COLUMNS, _renamed_chunks(paths)))


def _renamed_chunks(paths: list[tuple[str, ...]]) -> Callable[[Value], Value]:
    left = iter(paths)

    def rename(chunk: Struct) -> Struct:
        names = Items(BINARY, tuple(name.encode() for name in next(left)))
        return _changed(chunk, META_DATA, lambda it: _changed(as_struct(it), PATH, lambda _: names))

    return lambda chunks: _each(chunks, rename)


def _each(items: Value, change: Callable[[Struct], Struct]) -> Items:
    if not isinstance(items, Items):
        raise ValueError("no list")
    return Items(STRUCT, tuple(change(as_struct(one)) for one in items.values))


def _changed(struct: Struct, number: int, change: Callable[[Value], Value]) -> Struct:
    return tuple(
        (found, kind, change(value) if found == number else value) for found, kind, value in struct
    )
