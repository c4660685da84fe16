"""Tables of dependent numbers, with and without a few values far beyond all others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

_SEED = 0
_COLUMNS, _FACTORS, _NOISE = 32, 12, 0.2
#: Every so many columns, one value is so many standard deviations of the others out.
_EVERY, _FAR = 12, 20_000.0


def dependent_numbers(n_rows: int) -> pa.Table:
    """Return 32 columns that follow from 12 hidden numbers, some of them not linearly."""
    generator = np.random.default_rng(_SEED)
    hidden = generator.normal(size=(n_rows, _FACTORS))
    bent = np.concatenate([hidden, np.sin(2 * hidden[:, :4]), hidden[:, :4] * hidden[:, 4:8]], 1)
    values = bent @ generator.normal(size=(bent.shape[1], _COLUMNS))
    values /= values.std(axis=0)
    values += _NOISE * generator.normal(size=values.shape)
    return pa.table({f"x{number}": column for number, column in enumerate(values.T)})


def with_outliers(n_rows: int) -> pa.Table:
    """Return the same with one value in some columns 20,000 standard deviations out."""
    table = dependent_numbers(n_rows)
    generator = np.random.default_rng(_SEED + 1)
    columns = {name: table[name].to_numpy().copy() for name in table.column_names}
    for name in table.column_names[::_EVERY]:
        column = columns[name]
        column[generator.integers(0, n_rows)] = _FAR * column.std()
    return pa.table(columns)
