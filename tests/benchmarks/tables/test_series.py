"""Generated series: the same for the same seed, with the shapes that their names say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.tables.series import charging_curves, signal_shapes


@pytest.mark.parametrize("make", [charging_curves, signal_shapes])
def test_equal_seeds_give_equal_tables(make) -> None:
    """A seed says all: tables are equal, of so many rows, and finite."""
    first, second = (make(np.random.default_rng(5), 9_000) for _ in range(2))
    assert first.equals(second)
    assert first.num_rows == 9_000
    assert all(np.isfinite(column.to_numpy()).all() for column in first.columns)


def test_cells_charge_at_constant_current_and_voltage() -> None:
    """Currents are mostly constant, voltages end at 4.2 V, and the last cell is float32."""
    table = charging_curves(np.random.default_rng(5), 9_000, n_cells=2)
    current, voltage = table["current_0"].to_numpy(), table["voltage_0"].to_numpy()
    assert (np.diff(current) == 0).mean() > 0.5
    assert voltage.max() <= 4.2
    assert table.schema.field("voltage_1").type == pa.float32()


def test_shapes_are_smooth_or_noisy_as_named() -> None:
    """Steps mostly hold, and noise is on top of the same tones."""
    table = signal_shapes(np.random.default_rng(5), 9_000)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    assert (np.diff(columns["steps"]) == 0).mean() > 0.99
    assert 0.005 < (columns["sines_noisy"] - columns["sines"]).std() < 0.02
    assert np.array_equal(columns["chirp_32"], columns["chirp"].astype(np.float32))
