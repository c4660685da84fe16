"""Tables with planted structure: what a column is worth is known, because it was made that way.

A planted column holds as many random bits, given all others, as its maker drew for it: none if it
is computed from them, those of a table if it is looked up there. What an archive spends beyond that
is the cost of the structure.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_TEXT = (
    "the driver waited at gate while rain fell on harbour lights and nobody came before noon "
    "delivery left with neighbour parcel damaged refund requested order arrived late again"
)
_WORDS = _TEXT.split()
_N_FLOATS, _NAME_WORDS = 384, 3


@dataclass(frozen=True)
class GeneratedTable:
    """A table, and what its planted columns are worth.

    Args:
        table: the rows.
        planted: bits of information in each planted column, given all others.
    """

    table: pa.Table
    planted: dict[str, float]


Maker = Callable[[np.random.Generator, int], GeneratedTable]


def sums(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return amounts in cents as float64, and their exact sum."""
    fare = random.gamma(2, 700, n_rows).astype(np.int64) + 250
    tip = np.where(random.random(n_rows) < 0.6, fare * random.integers(0, 30, n_rows) // 100, 0)
    tolls = np.where(random.random(n_rows) < 0.05, 655, 0)
    parts = {"fare": fare, "tip": tip, "tolls": tolls, "total": fare + tip + tolls}
    return GeneratedTable(
        pa.table({name: cents / 100 for name, cents in parts.items()}), {"total": 0}
    )


def dependence(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return a code, its name, and what code and kind determine together."""
    n_codes = 300
    code = np.minimum(random.zipf(1.3, n_rows), n_codes) - 1
    kind = random.integers(0, 5, n_rows)
    names = np.array([_name(random) for _ in range(n_codes)])
    tariffs = random.integers(0, 1_000_000, (n_codes, 5))
    columns = {"code": code, "name": names[code], "kind": kind, "tariff": tariffs[code, kind]}
    n_pairs = len(np.unique(code * 5 + kind))
    worth = {
        "name": len(np.unique(code)) * _NAME_WORDS * _word_bits(),
        "tariff": n_pairs * math.log2(1_000_000),
    }
    return GeneratedTable(pa.table(columns), worth)


def keys(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return interleaved keys, a constant of each key, and a level that seldom changes in it."""
    n_keys = 500
    key = random.integers(0, n_keys, n_rows)
    constant = random.integers(0, 1 << 40, n_keys)[key]
    level, levels = np.empty(n_rows, np.int64), random.integers(0, 1 << 20, n_keys)
    changes = random.random(n_rows) < 1e-3
    for row, (one, is_new) in enumerate(zip(key.tolist(), changes.tolist(), strict=True)):
        if is_new:
            levels[one] = random.integers(0, 1 << 20)
        level[row] = levels[one]
    n_used = len(np.unique(key))
    bits = n_rows * _entropy(1e-3) + 20 * (n_used + int(changes.sum()))
    columns = {"key": key, "constant": constant, "level": level, "noise": random.random(n_rows)}
    return GeneratedTable(pa.table(columns), {"constant": 40.0 * n_used, "level": bits})


def decimals(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return decimal numbers as float64, float32 and text, and one number in two types."""
    cents = random.integers(0, 100_000, n_rows)
    tenths = random.integers(-400, 600, n_rows)
    columns = {
        "price": cents / 100,
        "degrees": (tenths / 10).astype(np.float32),
        "weight": np.round(random.normal(70, 9, n_rows), 3),
        "exact_price": _decimals(cents, pa.decimal128(12, 2)),
    }
    planted = {
        "exact_price": 0.0,
        "degrees": n_rows * math.log2(1000),
    }
    return GeneratedTable(pa.table(columns), planted)


def timestamps(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return the start of trips, their duration, and their end."""
    start = 1_700_000_000 + np.cumsum(random.integers(0, 20, n_rows))
    seconds = random.gamma(3, 300, n_rows).astype(np.int64)
    columns = {
        "pickup": pa.array(start * 1_000_000, pa.timestamp("us")),
        "seconds": pa.array(seconds, pa.int32()),
        "dropoff": pa.array((start + seconds) * 1_000_000, pa.timestamp("us")),
    }
    return GeneratedTable(pa.table(columns), {"dropoff": 0})


def flags(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return measurements, and flags and nulls that follow from them."""
    vendor = random.integers(1, 4, n_rows)
    hour = random.integers(0, 24, n_rows)
    reading = np.where(vendor == 2, random.integers(0, 1000, n_rows), -1)
    columns = {
        "vendor": pa.array(vendor, pa.int8()),
        "hour": pa.array(hour, pa.int16()),
        "reading": pa.array(reading, pa.int32(), mask=vendor != 2),
        "stored": pa.array(np.where(vendor == 2, "Y", "N")),
        "is_night": pa.array((hour < 6) | (hour > 21)),
    }
    return GeneratedTable(pa.table(columns), {"stored": 0, "is_night": 0})


def identifiers(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return random ids in the form of a UUID, counted ones with a prefix, and random binary."""
    content = random.bytes(16 * n_rows).hex()
    texts = [_uuid(content[at : at + 32]) for at in range(0, len(content), 32)]
    serial = 1000 + np.arange(n_rows)
    columns = {
        "id": pa.array(texts),
        "serial": pa.array([f"ORD-{number:08d}" for number in serial.tolist()]),
        "token": pa.array([random.bytes(8) for _ in range(n_rows)], pa.binary()),
    }
    return GeneratedTable(pa.table(columns), {"id": 128.0 * n_rows, "serial": 0})


def texts(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return free text of some words, with empty ones and nulls."""
    sizes = random.integers(0, 25, n_rows)
    words = random.choice(_WORDS, int(sizes.sum())).tolist()
    ends = np.cumsum(sizes).tolist()
    found = [
        " ".join(words[end - size : end]) for size, end in zip(sizes.tolist(), ends, strict=True)
    ]
    columns = {"text": pa.array(found, mask=random.random(n_rows) < 0.1)}
    return GeneratedTable(pa.table(columns), {})


def wide_decimals(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return decimal128 amounts beyond 64 bits, and their sum."""
    net, tax = (
        (random.integers(0, 1 << 60, n_rows).astype(object) * 100 + random.integers(0, 100, n_rows))
        for _ in range(2)
    )
    kind = pa.decimal128(30, 2)
    columns = {name: _decimals(one, kind) for name, one in (("net", net), ("tax", tax))}
    return GeneratedTable(pa.table({**columns, "gross": _decimals(net + tax, kind)}), {"gross": 0})


def nested(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return lists with nulls, structs, and the length of the lists."""
    sizes = random.integers(0, 6, n_rows)
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    items = pa.array(random.integers(0, 50, int(sizes.sum())), pa.int32())
    point = {
        "x": np.round(random.normal(size=n_rows), 2),
        "label": random.choice(["a", "b"], n_rows),
    }
    structs = pa.StructArray.from_arrays([pa.array(v) for v in point.values()], list(point))
    columns = {
        "items": pa.ListArray.from_arrays(pa.array(offsets), items),
        "n_items": pa.array(sizes, pa.int16()),
        "point": structs,
    }
    return GeneratedTable(pa.table(columns), {"n_items": 0})


def embeddings(random: np.random.Generator, n_rows: int) -> GeneratedTable:
    """Return rows of 384 float32 of length 1 around a few topics; a twentieth as many rows."""
    n_rows = max(n_rows // 20, 1)
    topics = random.normal(size=(12, _N_FLOATS))
    topic = random.integers(0, 12, n_rows)
    vectors = topics[topic] + 0.7 * random.normal(size=(n_rows, _N_FLOATS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    flat = pa.array(vectors.astype(np.float32).ravel())
    columns = {
        "document": pa.array([f"doc-{number}" for number in range(n_rows)]),
        "topic": pa.array(topic, pa.int8()),
        "vector": pa.FixedSizeListArray.from_arrays(flat, _N_FLOATS),
    }
    return GeneratedTable(pa.table(columns), {})


GENERATED: dict[str, Maker] = {
    "sums": sums,
    "dependence": dependence,
    "keys": keys,
    "decimals": decimals,
    "timestamps": timestamps,
    "flags": flags,
    "identifiers": identifiers,
    "texts": texts,
    "wide_decimals": wide_decimals,
    "nested": nested,
    "embeddings": embeddings,
}


def _name(random: np.random.Generator) -> str:
    return " ".join(random.choice(_WORDS, _NAME_WORDS)).title()


def _word_bits() -> float:
    """Return the bits of a word that is drawn at random; some are in the text twice."""
    counts = np.array([_WORDS.count(word) for word in set(_WORDS)])
    return float(-(counts * np.log2(counts / len(_WORDS))).sum() / len(_WORDS))


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _decimals(hundredths: np.ndarray, kind: pa.DataType) -> pa.Array:
    with decimal.localcontext(prec=76):
        return pa.array([decimal.Decimal(int(one)).scaleb(-2) for one in hundredths], kind)


def _entropy(share: float) -> float:
    return -share * math.log2(share) - (1 - share) * math.log2(1 - share)
