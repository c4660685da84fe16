"""Costs that were measured, by data and effort; docs/scaling.md shows them with their commands.

Data: `floats` are full-precision columns with a tolerance, which Parquet cannot compress; `mixed`
is a whole table coded exactly, of which Parquet keeps a fifth, so that a megabyte of its files
holds more values.
"""

from __future__ import annotations

from benchmarks.cluster.costs import Driver, Rates

#: CPU, date and versions of every figure below.
MACHINE = (
    "AMD EPYC, 2 cores shared with other work; Python 3.11.7, numpy 2.4.6, pyarrow 26.0.1, "
    "distributed 2026.8.0, obstore 0.12.1; 2026-11-29"
)
RATES = {
    ("floats", "fast"): Rates(102.0, 87.0, 99.0, 0.037, 650.0),
    ("floats", "balanced"): Rates(75.0, 87.0, 99.0, 0.035, 650.0),
    ("floats", "small"): Rates(31.0, 87.0, 99.0, 0.035, 650.0),
    ("mixed", "fast"): Rates(4.0, 3.4, 3.3, 0.280, 650.0),
    ("mixed", "balanced"): Rates(3.3, 3.4, 3.3, 0.272, 650.0),
    ("mixed", "small"): Rates(3.0, 3.4, 3.3, 0.272, 650.0),
}
#: The index is an estimate. Of runs on a machine with more or less other work the dearer counts.
DRIVER = Driver(
    plan_s=120e-6,
    object_bytes=2400,
    base_bytes=140e6,
    index_bytes=200,
    scheduler_s=2.4e-3,
    client_s=2.1e-3,
    most_led=256,
)
