"""Columns of every kind of mapping, from formulas, with the settings of their mappings."""

from __future__ import annotations

import bz2
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.coding import pack_numbers, varint
from ae_pipeline.mapping import pack_whole
from ae_pipeline.mapping.strings.word_table import pack_words
from tests.support.golden.case import integers

_WORDS = [b"", b"amber", b"ambush", b"blue", "žlutá".encode()]
_LINE = b"the pump of line 7 was stopped by hand; "
_ONE = {"offset": 0, "step": 1}
_FLOAT = {"n_bits": 64, "has_specials": False, "has_repairs": False, "has_nulls": False, **_ONE}


@dataclass(frozen=True)
class MappedColumn:
    """A column and how it is mapped.

    Args:
        type: Arrow type.
        tree: JSON of the mapping.
        values: one per row.
        tables: of the mapping.
    """

    type: pa.DataType
    tree: dict[str, Any]
    values: list[Any]
    tables: tuple[bytes, ...] = ()


def _integer(offset: int = 0, step: int = 1, *, has_nulls: bool = False) -> dict[str, Any]:
    return {"kind": "integer", "has_nulls": has_nulls, "offset": offset, "step": step}


def _stored(inner: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "stored", "inner": inner}


_WORD = {"kind": "words", "has_nulls": False}


def scalar_columns(seed: int, n_rows: int) -> dict[str, MappedColumn]:
    """Integers, times, decimals and clocks."""
    rows = range(n_rows)
    day = [int(one) for one in integers(seed, n_rows, 400)]
    few = [int(one) for one in integers(seed + 1, n_rows, 40)]
    start = datetime(2020, 2, 29, 23, 59, tzinfo=UTC)
    huge = [Decimal(10**25 + row if row % 11 == 5 else row * row) for row in rows]
    return {
        "flag": MappedColumn(pa.bool_(), _integer(), [row % 3 == 0 for row in rows]),
        "tiny": MappedColumn(
            pa.int8(), _integer(-20, 5), [5 * (n % 20) - 20 + (n == 7) for n in few]
        ),
        "most": MappedColumn(pa.uint64(), _integer(-1000), [2**64 - 1 - n for n in few]),
        "least": MappedColumn(pa.int64(), _integer(-(2**63), 2), [2 * n - 2**63 for n in day], ()),
        "day": MappedColumn(
            pa.date32(), _integer(18000), [date(2019, 4, 14) + timedelta(n) for n in day]
        ),
        "second": MappedColumn(
            pa.timestamp("ms"),
            _integer(0, 86_400_000),
            [datetime(1970, 1, 1 + n % 28) for n in few],
        ),
        "when": MappedColumn(
            pa.timestamp("us", "Europe/Prague"),
            _integer(1_582_934_340_000_000, 1_000_000, has_nulls=True),
            [None if row % 5 == 3 else start + timedelta(seconds=row * row) for row in rows],
        ),
        "span": MappedColumn(
            pa.duration("ms"), _integer(0, 250), [timedelta(milliseconds=250 * n) for n in few]
        ),
        "time": MappedColumn(pa.time64("us"), _integer(), [time(n % 24, n % 60, n) for n in few]),
        "price": MappedColumn(
            pa.decimal128(9, 2), _integer(-500, 5), [Decimal(5 * n - 500) / 100 for n in day]
        ),
        "huge": MappedColumn(pa.decimal256(40, 0), _integer(), huge),
        "clock": MappedColumn(
            pa.int16(),
            {"kind": "clock", "has_nulls": True},
            [None if n == 3 else n % 25 * 100 + (0 if n % 25 == 24 else n) for n in few],
        ),
    }


def float_columns(seed: int, n_rows: int) -> dict[str, MappedColumn]:
    """Every scale and rule, with repairs, specials and exceptions."""
    cents = integers(seed, n_rows, 30_000) - 9000
    odd = cents / 100
    odd[3::9], odd[4::17] = np.nextafter(odd[3::9], 9e9), cents[4::17] * 1e-2
    odd[5::13], odd[6::19], odd[7::23], odd[8::29] = np.nan, -np.inf, -0.0, np.inf
    odd[1::31] += 1 / 3
    special = {"has_specials": True, "has_repairs": True, "has_nulls": True}
    decimal = {**_FLOAT, "kind": "float", "scale": "decimal"}
    digits = {**_FLOAT, "kind": "float", "scale": "digits", "digits": 3, "least": -4}
    table = np.array([-7.5, -0.25, 0.1, 1e30], np.float32)
    ranks = table[integers(seed + 2, n_rows, 4)].astype(np.float64)
    waves = (integers(seed + 3, n_rows, 4000) / 32 - 60).astype(np.float16)
    whole = integers(seed + 4, n_rows, 900) + 100
    powers = 10.0 ** -(integers(seed + 5, n_rows, 6) + 1.0)
    nulls = [None if row % 7 == 2 else value for row, value in enumerate(odd.tolist())]
    return {
        "cents": MappedColumn(
            pa.float64(), {**decimal, **special, "places": 2, "rule": "divide"}, nulls
        ),
        "tenths": MappedColumn(
            pa.float32(),
            {**decimal, "n_bits": 32, "places": 1, "rule": "multiply", "offset": -9000},
            (cents * 1e-1).tolist(),
        ),
        "turned": MappedColumn(
            pa.float64(),
            {**decimal, "places": 7, "rule": "divide_in_turn", "has_repairs": True},
            (cents / 10.0 / 100.0 / 1e4).tolist(),
        ),
        "trimmed": MappedColumn(
            pa.float64(), {**decimal, "places": 4, "rule": "trim"}, (cents / 100.0).tolist()
        ),
        "wider": MappedColumn(
            pa.float64(),
            {**decimal, "n_bits": 32, "places": 2, "rule": "divide", "step": 5},
            (cents // 5 * 5 / 100).astype(np.float32).astype(float).tolist(),
        ),
        "digits": MappedColumn(
            pa.float64(),
            {**digits, "rule": "divide", "has_repairs": True},
            (whole * powers).tolist(),
        ),
        "ranks": MappedColumn(
            pa.float64(),
            {**_FLOAT, "kind": "float", "n_bits": 32, "scale": "rank", "n_values": 4},
            ranks.tolist(),
            (pack_numbers(table),),
        ),
        "bits": MappedColumn(
            pa.float16(), {**_FLOAT, "kind": "float", "n_bits": 16, "scale": "bits"}, list(waves)
        ),
    }


_SHAPES = [
    ["N", ["digits", 3, 0], ["upper", 2, 1]],
    [["hex", 8, 2], "-", ["HEX", 4, 3], "/", ["digits", 0, 4]],
    [["date", 10, 5], "|", ["clock", 8, 6], "|", ["moment", 19, 7], "|", ["moment ", 19, 8]],
    [["lower", 3, 9], ["lower36", 3, 10], ["upper36", 3, 11], ["base62", 4, 12]],
    ["é", ["base64url", 5, 13], " ", ["digits", 0, 0]],
]


def _shaped(number: int, row: int) -> str:
    moment = datetime(1969, 12, 31, 23, 59, 50, tzinfo=UTC) + timedelta(seconds=row * 77_777)
    day, clock = f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"
    texts = (
        f"N{number % 1000:03}{chr(65 + row % 26)}Z",
        f"{number:08x}-{number % 65536:04X}/{row}",
        f"{day}|{clock}|{day}T{clock}|{day} {clock}",
        f"xyz{row % 10}a{row % 7}{row % 10}A{row % 7}aZ0{row % 10}",
        f"é_-a{row % 10}A {row}",
        f"of no shape {row}",
    )
    return texts[row % 6]


def _prose(content: bytes) -> bytes:
    """Bytes packed by bzip2, which writers choose for more of them."""
    return varint(4 * len(content) + 2) + bz2.compress(content)


def string_columns(seed: int, n_rows: int) -> dict[str, MappedColumn]:
    """Words of the codec and new ones, every field of a shape, texts with a dictionary."""
    few = [int(one) for one in integers(seed, n_rows, 7)]
    numbers = [int(one) for one in integers(seed + 1, n_rows, 1 << 31)]
    words = [*(word.decode() for word in _WORDS), f"new {seed}", "newer"]
    lines = [f"{_LINE.decode()}{row % 4} of {row}" for row in range(n_rows)]
    labels = ["low", "high", None]
    return {
        "word": MappedColumn(
            pa.string(), _stored(_WORD), [words[n] for n in few], (pack_words(_WORDS),)
        ),
        "code": MappedColumn(
            pa.large_binary(),
            {"kind": "shapes", "has_nulls": False, "shapes": _SHAPES},
            [_shaped(n, row).encode("latin-1") for row, n in enumerate(numbers)],
        ),
        "line": MappedColumn(
            pa.string(),
            _stored({"kind": "text", "has_nulls": True}),
            [None if row % 9 == 4 else line for row, line in enumerate(lines)],
            (_prose(_LINE * 2),),
        ),
        "plain line": MappedColumn(
            pa.binary(),
            _stored({"kind": "text", "has_nulls": False}),
            [b"\0\1\xff"] * n_rows,
            (b"",),
        ),
        "key": MappedColumn(
            pa.binary(4),
            _stored({"kind": "text", "has_nulls": False}),
            [n.to_bytes(4, "big") for n in numbers],
            (b"",),
        ),
        "grade": MappedColumn(
            pa.dictionary(pa.int32(), pa.string(), ordered=True),
            _stored(_stored({**_WORD, "has_nulls": True})),
            [labels[n % 3] for n in few],
            (varint(2) + pack_whole(pa.array(["low", "high"])), pack_words([b"high", b"low"])),
        ),
        "level": MappedColumn(
            pa.dictionary(pa.int32(), pa.string()),
            _stored(_stored({**_WORD, "has_nulls": True})),
            [labels[n % 3] for n in few],
            (pack_words([b"high", b"low"]),),
        ),
    }


def nested_columns(seed: int, n_rows: int) -> dict[str, MappedColumn]:
    """Structs, lists of lists and of structs, maps, vectors; a column of nulls."""
    few = [int(one) for one in integers(seed, n_rows, 5)]
    halves = (integers(seed + 1, 3 * n_rows, 999) / 8 - 50).reshape(n_rows, 3)
    item = {"n_tables": 0, **_integer()}
    word = {"n_tables": 1, **_stored(_WORD)}
    words = pack_words(_WORDS)
    pair = pa.struct([("size", pa.int32()), ("name", pa.string())])
    pairs = {"kind": "struct", "has_nulls": True, "children": [item, word]}
    entry = {"n_tables": 1, "kind": "struct", "has_nulls": False, "children": [word, item]}
    lists = {"kind": "list", "has_nulls": False}
    inner = {"n_tables": 0, **_stored({**lists, "has_nulls": True, "item": item})}
    vectors = halves.astype(np.float32).tolist()
    return {
        "pair": MappedColumn(
            pair,
            pairs,
            [None if n == 4 else {"size": n * n, "name": _WORDS[n].decode()} for n in few],
            (words,),
        ),
        "tags": MappedColumn(
            pa.list_(pa.int32()),
            _stored({**lists, "has_nulls": True, "item": item}),
            [None if n == 3 else [n * 2 + place for place in range(n)] for n in few],
        ),
        "grid": MappedColumn(
            pa.list_(pa.list_(pa.int64())),
            _stored({**lists, "item": inner}),
            [[[row], None, [], [n, n + 1]][: n % 5] for row, n in enumerate(few)],
        ),
        "pairs": MappedColumn(
            pa.large_list(pair),
            {**lists, "item": {"n_tables": 1, **pairs}},
            [[None, {"size": n, "name": "blue"}][: n % 3] for n in few],
            (words,),
        ),
        "map": MappedColumn(
            pa.map_(pa.string(), pa.int64()),
            _stored({**lists, "item": entry}),
            [[("amber", row), (f"key {n}", -1)][: n % 3] for row, n in enumerate(few)],
            (words,),
        ),
        "vector": MappedColumn(
            pa.list_(pa.float32(), 3),
            {"kind": "vectors", "has_nulls": True, "by_place": False},
            [None if row % 6 == 1 else vectors[row] for row in range(n_rows)],
        ),
        "by place": MappedColumn(
            pa.list_(pa.float64(), 3),
            {"kind": "vectors", "has_nulls": False, "by_place": True},
            halves.tolist(),
        ),
        "fixed": MappedColumn(
            pa.list_(pa.int16(), 2),
            _stored({**lists, "has_nulls": True, "item": item}),
            [None if n == 2 else [n, -n] for n in few],
        ),
        "nothing": MappedColumn(pa.null(), {"kind": "whole"}, [None] * n_rows),
    }


def mapped_columns(seed: int, n_rows: int) -> dict[str, MappedColumn]:
    """All of them, with the types that Parquet makes of theirs."""
    parts = (scalar_columns, float_columns, string_columns, nested_columns)
    columns = {name: one for part in parts for name, one in part(seed, n_rows).items()}
    empty = pa.schema([(name, one.type) for name, one in columns.items()]).empty_table()
    sink = pa.BufferOutputStream()
    pq.write_table(empty, sink)
    arrow = pq.read_schema(pa.BufferReader(sink.getvalue()))
    return {name: replace(one, type=arrow.field(name).type) for name, one in columns.items()}
