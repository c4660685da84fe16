"""The sub-columns of each kind of mapping: their order, parents and spaces (section 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any  # JSON trees

import pyarrow as pa

from tests.support.format_reader.mappings.strings import slots_of


@dataclass(frozen=True)
class Sub:
    """A sub-column, as readers have to know it."""

    name: str
    offset: int = 0
    step: int = 1
    parent: str | None = None
    allowed: tuple[int, ...] = ()
    space: str = ""


def subs_of(tree: dict[str, Any], name: str, kind: pa.DataType) -> list[Sub]:
    """The sub-columns of a mapping in order."""
    if tree["kind"] == "stored":
        return subs_of(tree["inner"], name, storage_kind(kind))
    if tree["kind"] == "struct":
        return _of_struct(tree, name, kind)
    if tree["kind"] == "list":
        items = subs_of(tree["item"], f"{name}[]", kind.value_type)
        own = _under_validity(tree, name, [Sub(f"{name}#")])
        return [*own, *(replace(one, space=one.space or f"{name}#") for one in items)]
    own = {
        "integer": lambda: [_integer(tree, name, kind)],
        "clock": lambda: [Sub(name)],
        "words": lambda: [Sub(name)],
        "float": lambda: _floats(tree, name),
        "shapes": lambda: _shapes(tree, name),
    }.get(tree["kind"], list)()
    return _under_validity(tree, name, own)


def _under_validity(tree: dict[str, Any], name: str, own: list[Sub]) -> list[Sub]:
    if not tree.get("has_nulls"):
        return own
    parent = f"{name}?"
    below = [one if one.parent else replace(one, parent=parent, allowed=(1,)) for one in own]
    return [Sub(parent), *below]


def _integer(tree: dict[str, Any], name: str, kind: pa.DataType) -> Sub:
    scale = 86_400 if pa.types.is_date32(kind) else 1
    return Sub(name, tree["offset"] * scale, tree["step"] * scale)


def _floats(tree: dict[str, Any], name: str) -> list[Sub]:
    number, repairs = Sub(name, tree["offset"], tree["step"]), Sub(f"{name}~")
    own = [number, repairs] if tree["has_repairs"] else [number]
    if not tree["has_specials"]:
        return own
    parent = f"{name}!"
    return [Sub(parent), *(replace(one, parent=parent, allowed=(0,)) for one in own)]


def _shapes(tree: dict[str, Any], name: str) -> list[Sub]:
    shape = f"{name}/shape"
    return [
        Sub(shape),
        *(
            Sub(f"{name}/{slot}", 0, 86_400 if kind == "date" else 1, shape, tuple(numbers))
            for slot, (kind, numbers) in slots_of(tree).items()
        ),
    ]


def _of_struct(tree: dict[str, Any], name: str, kind: pa.DataType) -> list[Sub]:
    found = [Sub(f"{name}?")] if tree["has_nulls"] else []
    for number, child in enumerate(tree["children"]):
        field = kind.field(number)
        for one in subs_of(child, f"{name}.{field.name}", field.type):
            if tree["has_nulls"] and one.parent is None and not one.space:
                found.append(replace(one, parent=f"{name}?", allowed=(1,)))
            else:
                found.append(one)
    return found


def storage_kind(kind: pa.DataType) -> pa.DataType:
    """The type that a `stored` column is stored as (section 7.7)."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return kind.storage_type
    if types.is_dictionary(kind):
        return kind.value_type
    if types.is_map(kind):
        return pa.large_list(pa.struct([kind.key_field, kind.item_field]))
    if hasattr(kind, "value_field"):
        return pa.large_list(kind.value_field)
    return pa.large_binary()
