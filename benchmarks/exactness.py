"""Random tables of every type and structure through whole archives, compared bit for bit.

    python -m benchmarks.exactness [--values 1e8] [--seed 0] [--rows 30000]

Each table is a dataset of a few files. Its archive is made, decoded, and compared by Arrow and
numpy alone; `--seed` recreates a table that is told. The exit code is 1 if any value came back
otherwise, or if a file failed. A table that the library refuses with its reason is counted apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.errors import AePipelineError
from ae_pipeline.verbs import decode, encode
from benchmarks.tables.archive import compare_tables
from benchmarks.tables.random_tables import random_table
from benchmarks.tables.source import read_source

_FEW = (0, 1, 2, 17, 400)
_MOST_FILES = 4
#: Tables that wait for a process; more would only use memory.
_AHEAD = 2
#: A run ends after this many failures, which most likely have one cause.
_MOST_FAILURES = 20


@dataclass(frozen=True)
class Outcome:
    """One table.

    Args:
        seed: recreates it.
        verdict: exact, broken, failed or refused.
        n_values: values that were compared.
        message: what is wrong with it; for a refusal the error's name.
    """

    seed: int
    verdict: str
    n_values: int = 0
    message: str = ""


def main(arguments: list[str] | None = None) -> int:
    """Try tables until enough values were compared; return 1 if any was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--values", type=float, default=1e6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=30_000, help="of most tables")
    parser.add_argument("--budget-s", type=float, default=1.0, help="to fit each table")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    n_values, started = 0, time.monotonic()
    for outcome in _outcomes(options):
        verdicts[outcome.verdict] += 1
        n_values += outcome.n_values
        if outcome.verdict == "refused":
            refusals[outcome.message] += 1
        elif outcome.message:
            print(f"--seed {outcome.seed} --values 1: {outcome.message}", flush=True)
        if n_values >= options.values or verdicts["failed"] >= _MOST_FAILURES:
            break
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{told}; {n_values:,} values in {time.monotonic() - started:.0f} s")
    for name, count in refusals.most_common():
        print(f"refused: {name}, {count}")
    return int(bool(verdicts["broken"] or verdicts["failed"]))


def _outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    """Yield outcomes as they come, without end; close it to stop."""
    seeds = iter(range(options.seed, sys.maxsize))
    settings = options.rows, options.budget_s
    if options.processes == 1:
        yield from (try_table(seed, *settings) for seed in seeds)
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        ahead = options.processes + _AHEAD
        waiting = {pool.submit(try_table, next(seeds), *settings) for _ in range(ahead)}
        try:
            while True:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                waiting |= {pool.submit(try_table, next(seeds), *settings) for _ in done}
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(cancel_futures=True)


def try_table(seed: int, most_rows: int, budget_s: float) -> Outcome:
    """Make a table, encode it, decode it, and compare it."""
    pin_blas_threads()
    with tempfile.TemporaryDirectory() as folder:
        _write_table(seed, most_rows, Path(folder) / "source")
        try:
            return _try(seed, Path(folder), budget_s)
        except AePipelineError as error:
            return Outcome(seed, "refused", message=type(error).__name__)
        except Exception as error:  # a table must not end the run of all others
            return Outcome(seed, "failed", message=f"{type(error).__name__}: {error}")


def _write_table(seed: int, most_rows: int, root: Path) -> None:
    """Write the rows as a few files; most of them large, and some with next to no rows."""
    random = np.random.default_rng(seed)
    is_small = random.random() < 0.3
    n_rows = int(random.choice(_FEW)) if is_small else int(random.integers(1000, most_rows))
    table = random_table(random, n_rows)
    cuts = np.sort(random.integers(0, n_rows + 1, int(random.integers(0, _MOST_FILES))))
    root.mkdir()
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, n_rows], strict=True)):
        part: pa.Table = table.slice(int(start), int(end - start))
        pq.write_table(part, root / f"part-{number}.parquet", row_group_size=1 << 20)


def _try(seed: int, folder: Path, budget_s: float) -> Outcome:
    random = np.random.default_rng([seed, 1])
    job = EncodeJob(
        source=str(folder / "source"),
        archive=str(folder / "archive"),
        tolerance=ToleranceConfig(relative=0.0),
        columns=ColumnsConfig(code=str(random.choice(["auto", "all"]))),
        planner=PlannerConfig(learn=str(random.choice(["never", "linear"])), budget_s=budget_s),
    )
    failures = list(encode(job).failures)
    decoding = DecodeJob(archive=job.archive, decoded=str(folder / "decoded"))
    failures += decode(decoding).failures
    if failures:
        return Outcome(seed, "failed", message=str(failures[0]))
    source = read_source(folder / "source")
    n_values = sum(part.num_rows * part.num_columns for part in source.parts)
    n_wrong, _ = compare_tables(source, folder / "decoded", {})
    message = f"{n_wrong:,} values differ" if n_wrong else ""
    return Outcome(seed, "broken" if n_wrong else "exact", n_values, message)


if __name__ == "__main__":
    sys.exit(main())
