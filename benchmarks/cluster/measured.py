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
    ("floats", "fast"): Rates(70, 200, 300, 0.04, 530),
}
DRIVER = Driver(
    plan_s=210e-6,
    object_bytes=6800,
    base_bytes=150e6,
    index_bytes=100,
    scheduler_s=2.4e-3,
    client_s=2.1e-3,
    most_led=256,
)
