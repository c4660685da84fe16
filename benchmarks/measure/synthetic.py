"""A Parquet table of any size whose columns depend on each other: a few factors, and noise.

Full-precision noise on purpose: Parquet's encodings find nothing, so every byte has to be moved.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure.child import run_python

_NOISE = 0.05


def make_table(workdir: Path, n_rows: int, n_columns: int, row_group_rows: int) -> Path:
    """Return a one-file dataset of this shape, made in another process unless it exists."""
    path = workdir / f"table-{n_rows}x{n_columns}-{row_group_rows}" / "part-0.parquet"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        code = (
            "from pathlib import Path; from benchmarks.measure.synthetic import write_table; "
            f"write_table(Path({str(path)!r}), {n_rows}, {n_columns}, {row_group_rows})"
        )
        run_python(["-c", code], workdir / "log.txt")
    return path.parent


def write_table(
    path: Path, n_rows: int, n_columns: int, row_group_rows: int, seed: int = 0
) -> None:
    """Write `n_rows` of `n_columns` float64 in one file; one row group in memory at a time.

    Args:
        path: of the file.
        n_rows: in all.
        n_columns: which depend on each other in the same way, whatever the seed.
        row_group_rows: in each row group but the last.
        seed: of the rows.
    """
    generator = np.random.default_rng(0)
    loadings = generator.normal(size=(n_columns, max(1, n_columns // 4)))
    generator = np.random.default_rng(seed) if seed else generator
    names = [f"c{index:03d}" for index in range(n_columns)]
    schema = pa.schema([(name, pa.float64()) for name in names])
    temporary = path.with_suffix(".tmp")
    with pq.ParquetWriter(temporary, schema) as writer:
        for start in range(0, n_rows, row_group_rows):
            size = min(row_group_rows, n_rows - start)
            # No name for the part: it would live on while the next one is made.
            writer.write_table(_part(generator, loadings, size, schema), row_group_size=size)
    temporary.rename(path)


def _part(
    generator: np.random.Generator, loadings: np.ndarray, n_rows: int, schema: pa.Schema
) -> pa.Table:
    """Return rows; column j is offset by 10 j, and half the columns are bent, to defeat PCA."""
    factors = generator.normal(size=(loadings.shape[1], n_rows))
    arrays = []
    for index, loading in enumerate(loadings):
        signal = loading @ factors
        signal = np.tanh(signal) if index % 2 else signal
        arrays.append(pa.array(signal + _NOISE * generator.normal(size=n_rows) + 10 * index))
    return pa.Table.from_arrays(arrays, schema=schema)
