"""Cost of one terabyte of files: CPU-hours of workers, requests and their price, stored bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.cluster.costs import Driver, Night, Rates, Store

_TB_MB, _HOUR_S, _MILLION = 1e6, 3600.0, 1e6


@dataclass(frozen=True)
class Prices:
    """Prices in the currency of your store, by default Amazon's of S3 Standard in US dollars.

    Args:
        put: of a million PUTs or pages of listings.
        get: of a million GETs.
    """

    put: float = 5.0
    get: float = 0.4


def terabyte_table(
    rates: Mapping[tuple[str, str], Rates],
    driver: Driver,
    fragment_mb: Sequence[float] = (15.0, 128.0),
    prices: Prices = Prices(),
) -> Table:
    """Return a table with a line for each data, effort, and size of files in megabytes."""
    return Table(
        title="A terabyte of files, encoded and verified",
        headings=(
            "data, effort",
            "file MB",
            "encode",
            "verify",
            "stage",
            "decode",
            "driver",
            "left GB",
            "requests",
            "price",
        ),
        rows=tuple(
            (f"{data}, {effort}", *_row(one, driver, size, prices))
            for (data, effort), one in rates.items()
            for size in fragment_mb
        ),
        note="Encode, verify, stage, decode: CPU-hours of workers. Driver: CPU-hours of client and "
        "scheduler. Left: in the archive. Requests: in thousands; their price at "
        f"{prices.put:g} for a million PUTs and LISTs and {prices.get:g} for a million GETs.",
    )


def _row(rates: Rates, driver: Driver, fragment_mb: float, prices: Prices) -> tuple[Cell, ...]:
    n_fragments = round(_TB_MB / fragment_mb)
    night = Night(n_fragments, fragment_mb, 1, rates, driver, Store())
    n_gets, n_puts = n_fragments * night.n_gets, n_fragments * night.n_puts
    n_pages = night.n_requests - n_gets - n_puts
    price = ((n_puts + n_pages) * prices.put + n_gets * prices.get) / _MILLION
    driver_s = n_fragments * (driver.plan_s + driver.scheduler_s + driver.client_s)
    return (
        round(fragment_mb, 1),
        *(
            round(megabytes / rate / _HOUR_S, 1)
            for megabytes, rate in (
                (_TB_MB, rates.encode_mb_s),
                (_TB_MB, rates.verify_mb_s),
                (n_fragments * night.moved_mb, rates.stage_mb_s),
                (_TB_MB, rates.decode_mb_s),
            )
        ),
        round(driver_s / _HOUR_S, 2),
        round(1e3 * rates.stored_share),
        round(night.n_requests / 1e3, 1),
        round(price, 2),
    )
