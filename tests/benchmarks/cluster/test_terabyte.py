"""The cost of a terabyte is what its parts come to."""

from __future__ import annotations

import pytest

from benchmarks.cluster.costs import Driver, Rates
from benchmarks.cluster.terabyte import Prices, terabyte_table

DRIVER = Driver(1e-3, 0.0, 0.0, 0.0, 1e-3, 1.6e-3, 256)


def test_a_terabyte_by_hand() -> None:
    """A million files of a megabyte: hours of each step, and two GETs and a PUT for each file."""
    rates = Rates(encode_mb_s=100.0, verify_mb_s=200.0, decode_mb_s=50.0, stored_share=0.25,
                  stage_mb_s=1000.0)  # fmt: skip
    table = terabyte_table({("floats", "fast"): rates}, DRIVER, [1.0], Prices(5.0, 0.4))
    ((name, size, *numbers, price),) = table.rows
    assert (name, size, price) == ("floats, fast", 1.0, 5.81)
    hours = [1e6 / 100 / 3600, 1e6 / 200 / 3600, 1.5e6 / 1000 / 3600, 1e6 / 50 / 3600]
    assert numbers[:4] == pytest.approx(hours, abs=0.05)
    assert numbers[4:] == [1.0, 250, 3002.0]


def test_large_files_are_moved_in_parts() -> None:
    """Files of 128 MB are fetched by two GETs, and their archive's 100 MB by two, sent by eight."""
    rates = Rates(100.0, 100.0, 100.0, 100 / 128, 1000.0)
    table = terabyte_table({("floats", "fast"): rates}, DRIVER, [128.0])
    assert table.rows[0][-2] == pytest.approx(1e6 / 128 * (2 + 2 + 8) / 1e3, abs=0.1)
