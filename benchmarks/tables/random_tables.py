"""Random tables of every Arrow type and of every structure that a codec may rely on.

Columns follow from others with exceptions, and what holds in the first rows breaks in later ones.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
import pyarrow as pa

Random = np.random.Generator
_UNITS = ("s", "ms", "us", "ns")
_ALPHABET = string.ascii_letters + string.digits + " -_.,;\u00e9\u4e2d\U0001f600"
_DAY_MS = 86_400_000


def random_table(random: Random, n_rows: int) -> pa.Table:
    """Return drawn columns, columns that follow from them, and nulls."""
    columns: dict[str, pa.Array] = {}
    for number in range(int(random.integers(1, 7))):
        columns[f"drawn{number}"] = _with_nulls(random, _drifting(random, n_rows))
    for number in range(int(random.integers(0, 5))):
        follow = FOLLOWING[str(random.choice(list(FOLLOWING)))]
        for name, array in follow(random, n_rows).items():
            columns[f"{name}{number}"] = array
    if random.random() < 0.3:
        first = next(iter(columns.values()))
        columns["copy"] = first
        columns["lag"] = first.take(pa.array(np.maximum(np.arange(n_rows) - 1, 0)))
    names = random.permutation(list(columns)).tolist()
    return pa.table({name: columns[name] for name in names})


def _drifting(random: Random, n_rows: int) -> pa.Array:
    """Return values of one type, some of whose distributions change on the way."""
    draw = DRAWN[str(random.choice(list(DRAWN)))]
    state = int(random.integers(1 << 32))
    cut = int(random.integers(0, n_rows + 1)) if random.random() < 0.3 else n_rows
    first = draw(np.random.default_rng(state), cut)
    later = draw(np.random.default_rng(state + 1), n_rows - cut)
    return pa.concat_arrays([first, later]) if later.type == first.type else draw(random, n_rows)


def integers(random: Random, n_rows: int) -> np.ndarray:
    """Return int64 values of any distribution."""
    walk = np.cumsum(random.integers(-9, 10, n_rows))
    ways: list[Callable[[], np.ndarray]] = [
        lambda: random.integers(-(1 << 63), (1 << 63) - 1, n_rows, endpoint=True),
        lambda: random.integers(0, 100, n_rows),
        lambda: walk,
        lambda: np.arange(n_rows) * 60 + 1_700_000_000,
        lambda: random.integers(0, 50, n_rows) * 1000 + 7,
        lambda: np.full(n_rows, random.integers(-9, 9)),
        lambda: np.minimum(random.zipf(1.5, n_rows), 1 << 40),
        lambda: np.where(random.random(n_rows) < 0.01, np.iinfo(np.int64).min, walk),
        lambda: np.tile(np.arange(24), n_rows // 24 + 1)[:n_rows],
    ]
    return ways[int(random.integers(len(ways)))]().astype(np.int64)


def floats(random: Random, n_rows: int) -> np.ndarray:
    """Return float64 values of any distribution, not all of them finite."""
    bits = random.integers(0, 1 << 64, n_rows, dtype=np.uint64)
    ways: list[Callable[[], np.ndarray]] = [
        lambda: random.normal(20, 5, n_rows),
        lambda: np.round(random.normal(20, 50, n_rows), int(random.integers(0, 7))),
        lambda: bits.view(np.float64),
        lambda: random.integers(-500, 500, n_rows) / 100,
        lambda: np.where(random.random(n_rows) < 0.9, 0.0, random.gamma(2, 3, n_rows)),
        lambda: random.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 5e-324, 1e308], n_rows),
        lambda: np.where(
            random.random(n_rows) < 0.1, -999.0, np.cumsum(random.normal(size=n_rows))
        ),
        lambda: random.integers(0, 1 << 53, n_rows) * 1e-3,
    ]
    return ways[int(random.integers(len(ways)))]()


def strings(random: Random, n_rows: int) -> list[str]:
    """Return texts: categories, texts of one shape, or free ones."""
    numbers = random.integers(0, 1 << 30, n_rows).tolist()
    letters = list(_ALPHABET)
    n_words = int(random.integers(1, 200))
    words = ["".join(random.choice(letters, int(random.integers(0, 30)))) for _ in range(n_words)]
    ways: list[Callable[[], list[str]]] = [
        lambda: random.choice(words, n_rows).tolist(),
        lambda: [f"N{number % 1000}AA" for number in numbers],
        lambda: [f"{number:032x}" for number in numbers],
        lambda: [f"10.{n % 256}.{n // 256 % 256}.{n // 65536 % 256}" for n in numbers],
        lambda: [f"20{n % 100:02d}-{n % 12 + 1:02d}-{n % 28 + 1:02d}T00:00:00Z" for n in numbers],
        lambda: [f"{n:08x}-{n % 65536:04x}-4000-8000-{n:012x}" for n in numbers],
        lambda: [str(number) for number in numbers],
        lambda: [f"{number:07d}"[: number % 9] for number in numbers],
        lambda: [" ".join(words[n % n_words] for _ in range(n % 20)) for n in numbers],
    ]
    return ways[int(random.integers(len(ways)))]()


def _integer(random: Random, n_rows: int, kind: pa.DataType) -> pa.Array:
    return pa.array(integers(random, n_rows).astype(kind.to_pandas_dtype()), kind)


def _float(random: Random, n_rows: int, kind: pa.DataType) -> pa.Array:
    with np.errstate(over="ignore", invalid="ignore"):
        values = floats(random, n_rows).astype(kind.to_pandas_dtype())
    return pa.array(values, kind, from_pandas=False)


def _viewed(random: Random, n_rows: int, kind: pa.DataType, least: int, most: int) -> pa.Array:
    """Return integers of a range as dates, times, timestamps or durations."""
    span = most - least + 1
    values = least + integers(random, n_rows) % span
    return pa.array(values.astype(f"i{kind.bit_width // 8}")).view(kind)


def _decimal(random: Random, n_rows: int, kind: pa.DataType) -> pa.Array:
    limit = 10 ** min(kind.precision, 18)
    unscaled = integers(random, n_rows) % limit - limit // 2
    digits = pa.array(unscaled).cast(pa.decimal128(19, 0)).cast(pa.decimal256(38, 0))
    words = np.frombuffer(digits.buffers()[1], np.uint64).reshape(n_rows, 4) if n_rows else None
    n_words = kind.bit_width // 32
    halves = np.zeros((0, n_words), "u4") if words is None else words.view("u4")[:, :n_words]
    content = pa.py_buffer(np.ascontiguousarray(halves).tobytes())
    return pa.Array.from_buffers(kind, n_rows, [None, content])


def _list(random: Random, n_rows: int, kind: pa.DataType) -> pa.Array:
    sizes = random.integers(0, int(random.integers(1, 5)) + 1, n_rows)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    total = int(offsets[-1])
    if pa.types.is_string(kind):
        values = pa.array(strings(random, total), kind)
    else:
        values = _with_nulls(random, _integer(random, total, kind))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _nested_list(random: Random, n_rows: int) -> pa.Array:
    inner = _list(random, 2 * n_rows, pa.int16())
    return pa.ListArray.from_arrays(pa.array(np.arange(n_rows + 1) * 2, pa.int32()), inner)


def _struct(random: Random, n_rows: int) -> pa.Array:
    x, label = _float(random, n_rows, pa.float64()), pa.array(strings(random, n_rows), pa.string())
    children = [_with_nulls(random, x), label, _list(random, n_rows, pa.int32())]
    return pa.StructArray.from_arrays(children, ["x", "label", "items"])


def _map(random: Random, n_rows: int) -> pa.Array:
    keys = pa.array([f"k{number % 2}" for number in range(2 * n_rows)], pa.string())
    offsets = pa.array(np.arange(n_rows + 1) * 2, pa.int32())
    return pa.MapArray.from_arrays(offsets, keys, _integer(random, 2 * n_rows, pa.int64()))


def _vectors(random: Random, n_rows: int) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(_float(random, 8 * n_rows, pa.float32()), 8)


def _binary(random: Random, n_rows: int) -> pa.Array:
    return pa.array([text.encode() for text in strings(random, n_rows)], pa.binary())


def _fixed_binary(random: Random, n_rows: int) -> pa.Array:
    return pa.array([random.bytes(5) for _ in range(n_rows)], pa.binary(5))


def _categories(random: Random, n_rows: int) -> pa.Array:
    words = pa.array([f"word {number}" for number in range(20)])
    codes = pa.array(random.integers(0, 20, n_rows), pa.int32())
    return words.take(codes).dictionary_encode()


Draw = Callable[[Random, int], pa.Array]


def _typed(draw: Callable[..., pa.Array], *arguments: object) -> Draw:
    return lambda random, n_rows: draw(random, n_rows, *arguments)


_SECONDS = 4_000_000_000
DRAWN: dict[str, Draw] = {
    **{f"int{n}": _typed(_integer, getattr(pa, f"int{n}")()) for n in (8, 16, 32, 64)},
    **{f"uint{n}": _typed(_integer, getattr(pa, f"uint{n}")()) for n in (8, 16, 32, 64)},
    **{f"float{n}": _typed(_float, getattr(pa, f"float{n}")()) for n in (16, 32, 64)},
    "boolean": lambda random, n: pa.array(integers(random, n) % 3 == 0),
    "date32": _typed(_viewed, pa.date32(), -50_000, 50_000),
    "date64": lambda r, n: pa.array(integers(r, n) % 50_000 * _DAY_MS).view(pa.date64()),
    "time32": _typed(_viewed, pa.time32("ms"), 0, _DAY_MS - 1),
    "time64": _typed(_viewed, pa.time64("us"), 0, _DAY_MS * 1000 - 1),
    **{f"timestamp {u}": _typed(_viewed, pa.timestamp(u), -_SECONDS, _SECONDS) for u in _UNITS},
    "timestamp, zone": _typed(_viewed, pa.timestamp("us", "Europe/Paris"), 0, _SECONDS),
    **{f"duration {u}": _typed(_viewed, pa.duration(u), -_SECONDS, _SECONDS) for u in _UNITS},
    "decimal32": _typed(_decimal, pa.decimal32(7, 2)),
    "decimal64": _typed(_decimal, pa.decimal64(15, 3)),
    "decimal128": _typed(_decimal, pa.decimal128(30, 4)),
    "decimal256": _typed(_decimal, pa.decimal256(50, 6)),
    "string": lambda random, n: pa.array(strings(random, n), pa.string()),
    "large string": lambda random, n: pa.array(strings(random, n), pa.large_string()),
    "binary": _binary,
    "fixed binary": _fixed_binary,
    "categories": _categories,
    "list": _typed(_list, pa.int32()),
    "list of strings": _typed(_list, pa.string()),
    "list of lists": _nested_list,
    "struct": _struct,
    "map": _map,
    "vectors": _vectors,
    "null": lambda random, n: pa.nulls(n),
}


def _sum(random: Random, n_rows: int) -> dict[str, pa.Array]:
    a, b = (random.integers(0, 10_000, n_rows) for _ in range(2))
    total = _excepted(random, a + b)
    if random.random() < 0.5:
        return {"a": pa.array(a / 100), "b": pa.array(b / 100), "total": pa.array(total / 100)}
    return {"a": pa.array(a), "b": pa.array(b), "total": pa.array(total)}


def _name(random: Random, n_rows: int) -> dict[str, pa.Array]:
    code = random.integers(0, 60, n_rows)
    names = np.array([f"name {number}" for number in random.permutation(60)])
    return {"code": pa.array(code), "name": pa.array(names[_excepted(random, code) % 60])}


def _trip(random: Random, n_rows: int) -> dict[str, pa.Array]:
    start = 1_700_000_000 + np.cumsum(random.integers(0, 99, n_rows))
    seconds = random.integers(0, 5000, n_rows)
    end = _excepted(random, start + seconds)
    kind = pa.timestamp("s")
    return {
        "start": pa.array(start).view(kind),
        "seconds": pa.array(seconds, pa.int32()),
        "end": pa.array(end).view(kind),
    }


def _key(random: Random, n_rows: int) -> dict[str, pa.Array]:
    key = random.integers(0, 40, n_rows)
    key = np.sort(key) if random.random() < 0.5 else key
    value = random.integers(0, 1 << 40, 40)[key]
    return {"key": pa.array(key, pa.int16()), "value": pa.array(_excepted(random, value))}


def _flag(random: Random, n_rows: int) -> dict[str, pa.Array]:
    vendor = random.integers(0, 4, n_rows)
    reading = pa.array(random.normal(size=n_rows), mask=vendor != 2)
    return {
        "vendor": pa.array(vendor, pa.int8()),
        "reading": reading,
        "flag": pa.array(vendor == 2),
    }


FOLLOWING: dict[str, Callable[[Random, int], dict[str, pa.Array]]] = {
    "sum": _sum,
    "name": _name,
    "trip": _trip,
    "key": _key,
    "flag": _flag,
}


def _excepted(random: Random, values: np.ndarray) -> np.ndarray:
    """Return values of which some, or all after a row, do not follow the rule."""
    share = random.choice([0.0, 1e-3, 0.05])
    is_odd = random.random(len(values)) < share
    if random.random() < 0.2:
        is_odd[int(random.integers(0, len(values) + 1)) :] = True
    return np.where(is_odd, random.integers(0, 1 << 30, len(values)), values)


def _with_nulls(random: Random, array: pa.Array) -> pa.Array:
    """Return the array with none, some, runs of or only nulls."""
    n_rows = len(array)
    share = random.choice([0.0, 0.0, 0.1, 0.9, 1.0], p=[0.4, 0.2, 0.2, 0.15, 0.05])
    if not share or pa.types.is_null(array.type):
        return array
    is_null = random.random(n_rows) < share
    if random.random() < 0.3:
        is_null = np.repeat(is_null, 50)[:n_rows]
    return array.take(pa.array(np.arange(n_rows), mask=is_null))
