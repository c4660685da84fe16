"""Simulate nights on clusters of any size, fragment by fragment, from measured costs.

    python -m benchmarks.simulate_cluster [--tb 1 100 10000] [--hours 24] [--data floats]
        [--effort fast] [--deployments N] [--workers N] [--seed 0]

First what a terabyte costs. Then for each number of terabytes a day: the deployments, each with a
client and a scheduler of its own, the workers that are done in time, and what keeps the night from
being shorter. `--workers` asks what so many do instead. Costs are those of
`benchmarks.cluster.measured`; stores and faults are assumed (`benchmarks.cluster.costs`). Any may
be given, such as `--set store.get_s=0.1`.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.cluster.costs import Night
from benchmarks.cluster.measured import DRIVER, MACHINE, RATES
from benchmarks.cluster.sizing import Sizing, given, sized
from benchmarks.cluster.terabyte import Prices, terabyte_table

_TB_MB, _GB = 1e6, 1e9
_PARTS = ("rates", "driver", "store", "faults")
_HEADINGS = (
    "night",
    "files",
    "runs",
    "workers",
    "hours",
    "busy %",
    "scheduler %",
    "client %",
    "driver GB",
    "requests/s",
    "deaths",
    "limit",
    "nearest next",
)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tb", type=float, nargs="+", default=[1.0, 100.0, 10_000.0])
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--fragment-mb", type=float, default=128.0)
    parser.add_argument("--data", choices=sorted({data for data, _ in RATES}), default="floats")
    parser.add_argument("--effort", default="fast", choices=sorted({one for _, one in RATES}))
    parser.add_argument("--no-verify", action="store_true", help="encode, not compress")
    parser.add_argument("--memory-gb", type=float, default=16.0, help="of a machine that leads")
    parser.add_argument("--deployments", type=int, default=0, help="0: as few as can")
    parser.add_argument("--workers", type=int, default=0, help="0: as few as can")
    parser.add_argument("--put-price", type=float, default=Prices.put, help="of a million")
    parser.add_argument("--get-price", type=float, default=Prices.get, help="of a million")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=NUMBER")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    prices = Prices(arguments.put_price, arguments.get_price)
    console = Console(width=140, highlight=False)
    console.print(f"Costs: {MACHINE}")
    render(terabyte_table(RATES, DRIVER, [arguments.fragment_mb], prices), console)
    names = [night_name(tb, arguments.data, arguments.effort) for tb in arguments.tb]
    render(cluster_table(names, [_sizing(tb, arguments) for tb in arguments.tb]), console)


def night_name(tb: float, data: str, effort: str) -> str:
    """Return how tables call a night of so many terabytes."""
    return f"{tb:,g} TB, {data}, {effort}"


def night(tb: float, data: str, effort: str, fragment_mb: float = 128.0) -> Night:
    """Return a night of so many terabytes in one deployment of as many workers as fragments."""
    n_fragments = max(1, math.ceil(tb * _TB_MB / fragment_mb))
    return Night(n_fragments, fragment_mb, n_fragments, RATES[data, effort], DRIVER)


def changed(whole: Night, settings: Sequence[str]) -> Night:
    """Return a night with other costs, each given as `store.get_s=0.1`.

    Raises:
        ValueError: there is no such cost.
    """
    for setting in settings:
        key, _, number = setting.partition("=")
        part, _, name = key.partition(".")
        costs = getattr(whole, part) if part in _PARTS else None
        if costs is None or name not in vars(costs):
            raise ValueError(f"no such cost: {key}; some of {', '.join(_PARTS)}")
        kind = type(vars(costs)[name])
        whole = replace(whole, **{part: replace(costs, **{name: kind(float(number))})})
    return whole


def _sizing(tb: float, arguments: argparse.Namespace) -> Sizing:
    whole = night(tb, arguments.data, arguments.effort, arguments.fragment_mb)
    whole = changed(replace(whole, verifies=not arguments.no_verify), arguments.set)
    n_runs, seed = arguments.deployments, arguments.seed
    memory_bytes = arguments.memory_gb * _GB
    if arguments.workers:
        return given(whole, memory_bytes, n_runs or 1, arguments.workers, seed)
    return sized(whole, arguments.hours, memory_bytes, n_runs, seed)


def cluster_table(names: Sequence[str], sizings: Sequence[Sizing]) -> Table:
    """Return a table with a line for each night."""
    return Table(
        title="Simulated nights",
        headings=_HEADINGS,
        rows=tuple((name, *_row(sizing)) for name, sizing in zip(names, sizings, strict=True)),
        note="Runs: deployments side by side, each with a client and a scheduler. Busy: workers "
        "with a fragment. Scheduler, client: of their one thread. Requests: of all runs. Limit: "
        "alone it would take longest. Nearest next: with more workers, a run meets it first.",
    )


def _row(sizing: Sizing) -> tuple[Cell, ...]:
    night, outcome = sizing.night, sizing.outcome
    wall_s, pressures = outcome.wall_s, sizing.pressures
    nearest = max(pressures, key=lambda name: pressures[name])
    return (
        f"{sizing.n_deployments * night.n_fragments:,}",
        sizing.n_deployments,
        sizing.n_workers,
        round(wall_s / 3600, 1),
        round(100 * outcome.busy_s / night.n_workers / wall_s),
        round(100 * outcome.scheduler_s / wall_s, 1),
        round(100 * outcome.client_s / wall_s, 1),
        round(night.driver_bytes / _GB, 1),
        round(sizing.requests_s),
        sizing.n_deployments * outcome.n_deaths,
        sizing.limit,
        f"{nearest} {100 * pressures[nearest]:.0f} %",
    )


if __name__ == "__main__":
    main()
