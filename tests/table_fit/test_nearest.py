"""Sub-columns that tell most: found among thousands by a look at few rows."""

from __future__ import annotations

import numpy as np
import pytest

from ae_pipeline.table_fit.nearest import Sketches


@pytest.mark.parametrize("n_known", [40, 1500])
def test_those_that_tell_most_are_found(n_known: int) -> None:
    """A copy and a noisy copy are among the few, in the order of the names, whatever the others."""
    generator = np.random.default_rng(0)
    values = np.cumsum(generator.integers(-9, 10, 5000))
    sketches = Sketches(len(values))
    names = [f"c{number}" for number in range(n_known)]
    for number, name in enumerate(names):
        other = generator.integers(0, 1000, len(values))
        copies = {7: values, n_known - 3: values + generator.integers(0, 9, len(values))}
        sketches.add(name, copies.get(number, other))
    found = sketches.nearest(values, names, 8)
    assert len(found) == 8
    assert {"c7", f"c{n_known - 3}"} <= set(found)
    assert found == [name for name in names if name in found]
    assert sketches.nearest(values, names[:8], 8) == names[:8]


@pytest.mark.parametrize("n_rows", [1, 2, 9])
def test_few_rows_are_sketched(n_rows: int) -> None:
    """A table of one row has sketches, too, of thousands of columns."""
    sketches = Sketches(n_rows)
    names = [f"c{number}" for number in range(600)]
    for number, name in enumerate(names):
        sketches.add(name, np.arange(n_rows) * number)
    assert len(sketches.nearest(np.arange(n_rows), names, 5)) == 5
