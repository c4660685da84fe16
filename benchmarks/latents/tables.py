"""Tables of the benchmark: which columns methods see, and what is learned of their latents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pd
from jaxtyping import Bool, Int64

from benchmarks.latents.exchange import UNKNOWN

Metric = Literal["auc", "f1", "macro_f1", "anomaly", "none"]
_SEED = 0
_TEST_SHARE = 0.3
_LATE_MIN = 15
_DIRTY = 75.0


@dataclass(frozen=True)
class Rows:
    """Rows of a table that all methods get.

    Args:
        name: of the table.
        table: columns that a method may learn.
        target: classes from 0; `UNKNOWN` where none is known.
        is_test: rows that no method sees before it is scored.
        metric: of the target.
        text: columns that are free text; other strings are categories.
    """

    name: str
    table: pa.Table
    target: Int64[np.ndarray, " rows"]
    is_test: Bool[np.ndarray, " rows"]
    metric: Metric
    text: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """How rows are made of a dataset.

    Args:
        target: the class of each row, null where it is not known.
        metric: of the target.
        left_out: columns that would tell the target, or are identifiers.
        text: columns that are free text.
        split: column that says `test` of the test rows; empty draws them.
    """

    target: Callable[[pa.Table], pa.ChunkedArray]
    metric: Metric
    left_out: tuple[str, ...]
    text: tuple[str, ...] = ()
    split: str = ""


#: Datasets by the names of their folders.
TASKS = {
    "adult_census": Task(lambda table: pc.equal(table["income"], ">50K"), "auc", ("income",)),
    "cms_dimuon": Task(
        # whether only the tracker saw the second muon; an event's number is an identifier
        lambda table: pc.equal(table["Type2"], "T"),
        "auc",
        ("Type2", "Event", "sample"),
    ),
    "asd_servers": Task(
        lambda table: table["label"], "anomaly", ("label", "server", "split"), split="split"
    ),
    "nyc_flights": Task(
        # more than 15 minutes late, told before the flight arrives
        lambda table: pc.greater(table["arr_delay"], _LATE_MIN),
        "auc",
        ("arr_delay", "arr_time", "air_time"),
    ),
    "sms_spam": Task(
        lambda table: pc.equal(table["label"], "spam"), "f1", ("label",), text=("message",)
    ),
    "beijing_air": Task(
        # fine dust above the daily limit; `No` counts the rows of a station
        lambda table: pc.greater(table["PM2.5"], _DIRTY),
        "auc",
        ("PM2.5", "PM10", "No"),
    ),
}


def read_rows(root: Path, most_rows: int) -> Rows:
    """Read a dataset of `TASKS`, at most so many rows drawn from all of it, in their order.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    task = TASKS[root.name]
    whole = pd.dataset(root, format="parquet", partitioning="hive").to_table()
    target = task.target(whole)
    if not task.split:  # rows without a target teach nothing, but are normal where tests are given
        is_known = pc.is_valid(target)
        whole, target = whole.filter(is_known), target.filter(is_known)
    generator = np.random.default_rng(_SEED)
    chosen = _drawn(generator, whole.num_rows, most_rows)
    is_test = np.zeros(whole.num_rows, bool)
    is_test[generator.random(whole.num_rows) < _TEST_SHARE] = True
    if task.split:
        is_test = pc.equal(whole[task.split], "test").to_numpy()
    classes = pc.fill_null(pc.cast(target, pa.int64()), UNKNOWN).to_numpy()
    return Rows(
        name=root.name,
        table=whole.drop_columns(list(task.left_out)).take(chosen).combine_chunks(),
        target=classes[chosen],
        is_test=is_test[chosen],
        metric=task.metric,
        text=task.text,
    )


def vector_rows(name: str, file: Path) -> Rows:
    """Read vectors and their classes, as `peers.digits` writes them."""
    with np.load(file) as arrays:
        vectors, target = arrays["vectors"], arrays["target"]
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    return drawn_rows(name, pa.table({"pixels": column}), target, "macro_f1")


def drawn_rows(
    name: str, table: pa.Table, target: Int64[np.ndarray, " rows"], metric: Metric
) -> Rows:
    """Return rows whose test rows are drawn."""
    is_test = np.random.default_rng(_SEED).random(table.num_rows) < _TEST_SHARE
    return Rows(name, table, target, is_test, metric)


def seen_rows(name: str, table: pa.Table) -> Rows:
    """Return rows twice, for training and for the test: every value was seen, outliers, too."""
    is_test = np.arange(2 * table.num_rows) >= table.num_rows
    twice = pa.concat_tables([table, table]).combine_chunks()
    return Rows(name, twice, np.full(len(is_test), UNKNOWN), is_test, "none")


def resampled(rows: Rows, n_rows: int) -> Rows:
    """Return so many rows, drawn with replacement: a larger table of the same kind."""
    drawn = np.random.default_rng(_SEED).integers(0, rows.table.num_rows, n_rows)
    return replace(
        rows,
        table=rows.table.take(drawn).combine_chunks(),
        target=rows.target[drawn],
        is_test=rows.is_test[drawn],
    )


def _drawn(
    generator: np.random.Generator, n_rows: int, most_rows: int
) -> Int64[np.ndarray, " chosen"]:
    return np.sort(generator.choice(n_rows, min(n_rows, most_rows), replace=False))
