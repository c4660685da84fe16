"""Random tables of every kind of number and tolerance, encoded, decoded, and checked.

    python -m benchmarks.promises [--tables 2000] [--rows 400] [--seed 0]

This module defines what a tolerance allows anew, in numpy alone, so that a mistake in the library's
definitions cannot hide behind itself. It prints a line for each table that breaks a promise, with
the seed that recreates it; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Bool, Float64, Shaped

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.errors import FlattenedColumnError
from ae_pipeline.verbs import decode, encode

Column = Shaped[np.ndarray, "rows"]

#: Kinds of tolerance with the values to draw from, and types.
KINDS: dict[str, tuple[float, ...]] = {
    "absolute": (0.001, 0.5, 3.0),
    "spread": (0.001, 0.01, 0.1),
    "range": (1e-5, 0.001, 0.01),
    "std": (0.001, 0.01, 0.1),
    "relative": (1e-6, 0.001, 0.05),
    "digits": (2, 4, 9),
    "decimals": (-1, 0, 2, 5),
    "rmse": (0.001, 0.1),
    "psnr": (40.0, 80.0),
    "exact": (0.0,),
}
TYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64")
_SENTINELS = (-999.0, 1e20, 9.969209968386869e36)
#: Allowance for rounding of what a promise derives from, such as a range; a wrong cell exceeds it.
_HAIR, _LEAST = 1e-9, 5e-324
_FLAT = 0.9
#: Fewer do not make a repeated value, and fewer rows do not show what is ordinary.
_FEW = 50


def shapes() -> dict[str, Callable[[np.random.Generator, int], Float64[np.ndarray, "rows"]]]:
    """Return generators of values by the name of their distribution."""
    return {
        "normal": lambda g, n: g.normal(g.normal(0, 100), 10.0 ** g.integers(-3, 4), n),
        "lognormal": lambda g, n: g.lognormal(0, 2, n),
        "cauchy": lambda g, n: g.standard_cauchy(n),
        "zero-inflated": lambda g, n: np.where(g.random(n) < 0.9, 0.0, g.gamma(2, 3, n)),
        "cents": lambda g, n: np.round(g.gamma(2, 30, n), 2),
        "sentinels": lambda g, n: np.where(
            g.random(n) < 0.1, g.choice(_SENTINELS), g.normal(20, 5, n)
        ),
        "rare": lambda g, n: (g.random(n) < 2 / n).astype(np.float64),
        "constant and noise": lambda g, n: 7.1 + 1e-9 * g.normal(size=n),
        "constant": lambda g, n: np.full(n, g.choice([0.1, 0.0, -1e-300, 123456.789])),
        "counter": lambda g, n: np.cumsum(g.integers(0, 9, n)).astype(np.float64),
        "trend": lambda g, n: np.linspace(0, 50, n) + g.normal(0, 0.1, n),
        "truths": lambda g, n: g.integers(0, 2, n).astype(np.float64),
        "denormal": lambda g, n: g.integers(0, 99, n) * 5e-324,
        "huge": lambda g, n: g.choice([-1e308, 1e308, 3.3e307], n),
    }


def draw_column(generator: np.random.Generator, n_rows: int) -> tuple[str, pa.Array]:
    """Return a descriptive name, and values with nulls, NaN payloads and infinities."""
    shape = str(generator.choice(list(shapes())))
    kind = np.dtype(str(generator.choice(TYPES)))
    values = shapes()[shape](generator, n_rows)
    if kind.kind == "i":
        limits = np.iinfo(kind)
        typed = np.clip(np.rint(values), limits.min / 2, limits.max / 2).astype(kind)
    else:
        with np.errstate(over="ignore"):
            typed = values.astype(kind)
    if kind.kind == "f" and generator.random() < 0.3 and n_rows:
        odd = generator.random(n_rows) < 0.1
        typed[odd] = generator.choice([np.nan, np.inf, -np.inf, -0.0], int(odd.sum()))
        bits = typed.view(f"u{kind.itemsize}")
        bits[np.isnan(typed) & (generator.random(n_rows) < 0.5)] |= 5  # another payload
    is_null = generator.random(n_rows) < generator.choice(
        [0.0, 0.0, 0.2, 1.0], p=[0.4, 0.3, 0.2, 0.1]
    )
    return f"{shape}, {kind}", pa.array(typed, mask=is_null, from_pandas=False)


def allowed(kind: str, amount: float, finite: Column) -> Float64[np.ndarray, "values"]:
    """Return the largest allowed error of each finite value; for rmse and psnr, the RMS error."""
    x = finite.astype(np.longdouble)
    width = x.max() - x.min() if len(x) else np.longdouble(0)
    size = np.abs(x)
    if kind == "digits":
        with np.errstate(divide="ignore"):
            lead = np.floor(np.log10(np.where(size > 0, size, 1)))
        lead += (size >= 10 ** (lead + 1)).astype(int) - (size < 10**lead).astype(int)
        bound = np.where(size > 0, 0.5 * np.longdouble(10) ** (lead - amount + 1), 0)
    else:
        bounds: dict[str, Callable[[], Column]] = {
            "absolute": lambda: np.full(len(x), amount),
            "spread": lambda: np.full(len(x), amount * width),  # it is never wider than the range
            "range": lambda: np.full(len(x), amount * width),
            "std": lambda: np.full(len(x), amount * x.std() if len(x) else 0),
            "relative": lambda: amount * size,
            "decimals": lambda: np.full(len(x), np.longdouble(0.5) / np.longdouble(10) ** amount),
            "rmse": lambda: np.full(len(x), amount),
            "psnr": lambda: np.full(len(x), width / np.longdouble(10) ** (amount / 20)),
            "exact": lambda: np.zeros(len(x)),
        }
        bound = bounds[kind]()
    if kind in ("digits", "decimals") and finite.dtype.kind == "f":
        # The decimal number itself is rounded to the column's type, by half of a last bit, which
        # may be that of the next power of two.
        with np.errstate(over="ignore"):
            bound = bound + np.spacing(np.abs(finite))
    return np.asarray(bound)


def complaint(kind: str, amount: float, source: pa.Array, decoded: pa.Array) -> str:
    """Return how a column breaks its promise; empty if it keeps it."""
    if source.type != decoded.type or not source.is_null().equals(decoded.is_null()):
        return "another type, or other nulls"
    before, after = (
        column.drop_null().to_numpy(zero_copy_only=False) for column in (source, decoded)
    )
    same = _same_bits(before, after)
    is_finite = np.isfinite(before)
    if not same[~is_finite].all():
        return "bits of what is not finite differ"
    x, y = before[is_finite], after[is_finite]
    if not np.isfinite(y).all():
        return "a finite value became none"
    errors = np.abs(x.astype(np.longdouble) - y.astype(np.longdouble))
    bound = allowed(kind, amount, x)
    if kind in ("rmse", "psnr"):
        bound, errors = bound[:1], np.sqrt((errors**2).mean(keepdims=True)) if len(x) else errors
    is_broken = errors > bound * (1 + _HAIR) + _LEAST
    if kind == "exact":
        is_broken = ~same[is_finite]
    if is_broken.any():
        worst = int(np.argmax(np.where(is_broken, errors, -1)))
        return f"{int(is_broken.sum())} beyond the promise: {errors[worst]:g} > {bound[worst]:g}"
    return ""


def is_flat(source: pa.Array, decoded: pa.Array) -> bool:
    """Return whether decoding explains less than 90 % of the variance of finite values."""
    x, y = (column.drop_null().to_numpy(zero_copy_only=False) for column in (source, decoded))
    is_finite = np.isfinite(x)
    x, y = x[is_finite].astype(np.longdouble), y[is_finite].astype(np.longdouble)
    if len(x) < 2 or x.min() == x.max():
        return False
    return bool(((x - y) ** 2).sum() > (1 - _FLAT) * ((x - x.mean()) ** 2).sum())


def lost_sentinels(source: pa.Array, decoded: pa.Array) -> str:
    """Return which sentinel value comes back as another value; empty if none does."""
    x, y = (column.drop_null().to_numpy(zero_copy_only=False) for column in (source, decoded))
    limit = float((np.finfo if x.dtype.kind == "f" else np.iinfo)(x.dtype).max)
    for sentinel in (one for one in _SENTINELS if abs(one) < limit):
        with np.errstate(over="ignore", invalid="ignore"):
            is_one = np.isfinite(x) & (x == np.array(sentinel).astype(x.dtype))
        if is_one.sum() >= _FEW and (y[is_one] != x[is_one]).any():
            return f"the sentinel {sentinel:g} became {y[is_one][0]:g}"
    return ""


def try_table(seed: int, folder: Path, most_rows: int) -> tuple[str, int, list[str]]:
    """Make, encode and decode a table; return its outcome, number of values and broken promises."""
    generator = np.random.default_rng(seed)
    n_rows = int(generator.choice([1, 2, 17, most_rows], p=[0.1, 0.1, 0.1, 0.7]))
    drawn = [draw_column(generator, n_rows) for _ in range(int(generator.integers(1, 7)))]
    n_values = n_rows * len(drawn)
    columns = {f"c{number}": column for number, (_, column) in enumerate(drawn)}
    names = {f"c{number}": name for number, (name, _) in enumerate(drawn)}
    kinds = {name: str(generator.choice(list(KINDS))) for name in columns}
    rules = [
        {"match": f"c{number}*", "kind": kind, "value": float(generator.choice(KINDS[kind]))}
        for number, kind in enumerate(kinds.values())
    ]
    (folder / "source").mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "source/p.parquet")
    job = EncodeJob(
        source=str(folder / "source"),
        archive=str(folder / "archive"),
        columns={"feature": ["*"]},
        tolerance={"rules": rules},
        planner={"learn": str(generator.choice(["never", "linear"])), "budget_s": 0.0},
    )
    try:
        encoded = encode(job)
    except FlattenedColumnError:
        return "refused as flat", n_values, []
    decoding = DecodeJob(archive=job.archive, decoded=str(folder / "decoded"))
    failures = [*encoded.failures, *decode(decoding).failures]
    if failures:
        return "failed", n_values, [failure.message for failure in failures]
    got = pq.ParquetFile(folder / "decoded/p.parquet").read().combine_chunks()
    warned, found = " ".join(encoded.warnings), []
    for rule, (name, source) in zip(rules, columns.items(), strict=True):
        decoded = got[name].combine_chunks()
        wrong = complaint(str(rule["kind"]), float(str(rule["value"])), source, decoded)
        if not wrong and is_flat(source, decoded) and name not in warned:
            wrong = "flattened, and nobody says so"
        if not wrong and n_rows > _FEW and "sentinels" in names[name] and rule["kind"] != "range":
            wrong = lost_sentinels(source, decoded)
        if wrong:
            found.append(f"{names[name]}, {rule['kind']} {rule['value']}, {n_rows} rows: {wrong}")
    return "broken" if found else "kept", n_values, found


def main(arguments: list[str] | None = None) -> int:
    """Try tables and print failures; return 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=400, help="of most tables")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    outcomes: Counter[str] = Counter()
    total = 0
    with tempfile.TemporaryDirectory() as root:
        for seed in range(options.seed, options.seed + options.tables):
            folder = Path(root) / str(seed)
            outcome, n_values, complaints = try_table(seed, folder, options.rows)
            shutil.rmtree(folder)
            outcomes[outcome] += 1
            total += n_values
            for told in complaints:
                print(f"--seed {seed} --tables 1: {told}")
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    print(f"{told}; {total:,} values")
    return int(bool(outcomes["broken"] or outcomes["failed"]))


def _same_bits(before: Column, after: Column) -> Bool[np.ndarray, "values"]:
    kind = f"u{before.dtype.itemsize}"
    return np.asarray(before.view(kind) == after.view(kind))


if __name__ == "__main__":
    sys.exit(main())
