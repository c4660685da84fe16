"""Give a Parquet file another schema with the same physical columns, by rewriting its footer.

Pages hold neither names nor annotations. A file whose leaf columns have the physical types and
levels of another schema therefore becomes a file of that schema once its footer states it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ae_pipeline.parquet.footer import (
    COLUMNS,
    META_DATA,
    PATH,
    ROW_GROUPS,
    SCHEMA,
    footer_bytes,
    replace_footer,
)
from ae_pipeline.parquet.schema import ParquetSchema, as_struct, parse_schema
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


def restate(path: Path, schema: ParquetSchema) -> None:
    """Rewrite the footer of a file, which nobody reads yet, so that it states `schema`.

    Raises:
        ValueError: the file's leaf columns are not physically those of the schema.
    """
    with path.open("r+b") as file:
        footer = footer_bytes(file)
        written, _ = parse_schema(footer)
        _check_physical(written, schema)
        paths = [leaf.path for leaf in schema.leaves]
        is_renamed = paths != [leaf.path for leaf in written.leaves]
        stated = _restated(footer, schema, paths if is_renamed else None)
        replace_footer(file, footer, stated)


def _check_physical(written: ParquetSchema, wanted: ParquetSchema) -> None:
    one, other = ([leaf.physics for leaf in it.leaves] for it in (written, wanted))
    if one != other or written.names != wanted.names:
        raise ValueError("columns are not physically those of the schema")


def _restated(footer: bytes, schema: ParquetSchema, paths: list[tuple[str, ...]] | None) -> bytes:
    """Return the footer with another schema and, if given, other paths of its column chunks."""
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
    """Return row groups whose column chunks have these paths, in order."""
    return change_each(groups, lambda group: changed(group, COLUMNS, _renamed_chunks(paths)))


def _renamed_chunks(paths: list[tuple[str, ...]]) -> Callable[[Value], Value]:
    left = iter(paths)

    def rename(chunk: Struct) -> Struct:
        names = Items(BINARY, tuple(name.encode() for name in next(left)))
        return changed(chunk, META_DATA, lambda it: changed(as_struct(it), PATH, lambda _: names))

    return lambda chunks: change_each(chunks, rename)


def change_each(items: Value, change: Callable[[Struct], Struct]) -> Items:
    """Change every struct of a list; ValueError if it is none."""
    if not isinstance(items, Items):
        raise ValueError("no list")
    return Items(STRUCT, tuple(change(as_struct(one)) for one in items.values))


def changed(struct: Struct, number: int, change: Callable[[Value], Value]) -> Struct:
    """Change one field of a struct."""
    return tuple(
        (found, kind, change(value) if found == number else value) for found, kind, value in struct
    )
