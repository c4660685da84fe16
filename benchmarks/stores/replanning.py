"""Cost of a night with nothing to do where source and archive are many objects in a store.

    python -m benchmarks.stores.replanning s3://BUCKET/PREFIX [--objects 100000]

Puts small objects for a source and an archive below the prefix, which should be empty, and an index
as a first run leaves it. Then plans a backfill in a process of its own, and says what all of that
process took, its imports among the rest.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.locations import Location, parse
from ae_pipeline.report.tables.table import Table
from ae_pipeline.store import place, remember, visiting
from ae_pipeline.store.clients import connect
from ae_pipeline.upkeep import footer_of, note_footer
from ae_pipeline.verbs import encode
from benchmarks.measure.machine import machine_line

_FILES_PER_DAY = 100
_N_THREADS = 16
#: The kernel hands the peak of `getrusage` down from parent to child; VmHWM is the child's alone.
_PLAN = """
import sys, time
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.store import visiting_stores
from ae_pipeline.upkeep import list_source, plan_backfill
job = EncodeJob.model_validate_json(sys.argv[1])
with visiting_stores(job):
    plan = plan_backfill(job, list_source(job))
current = sum(one.state == "current" for one in plan.fragments)
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM:")]
print(time.process_time(), int(peak) * 1024 / 1e6, current)
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("uri")
    parser.add_argument("--objects", type=int, default=100_000)
    arguments = parser.parse_args()
    location = parse(arguments.uri)
    if location is None:
        parser.error("an URI such as s3://bucket/prefix is needed")
    job = EncodeJob(
        source=f"{location.uri}/source",
        archive=f"{location.uri}/archive",
        planner={"learn": "never"},
    )
    _prepare(location, job, arguments.objects)
    seconds, cpu_s, peak_mb, n_current = _measure(job)
    table = Table(
        "Planning a backfill with nothing to do",
        ("objects", "current", "seconds", "CPU-seconds", "peak MB"),
        ((arguments.objects, int(n_current), round(seconds, 1), round(cpu_s, 1), round(peak_mb)),),
    )
    console = Console()
    console.print(machine_line())
    render(table, console)


def _prepare(location: Location, job: EncodeJob, n_objects: int) -> None:
    """Encode one file, put it many times under both prefixes, and write the index of all."""
    names = [f"day={n // _FILES_PER_DAY}/part-{n}.parquet" for n in range(n_objects)]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        _write(source / names[0])
        _put(location, {f"source/{names[0]}": (source / names[0]).read_bytes()})
    encode(job)
    client = connect(location, StoreConfig())
    contents = {
        kind: bytes(obstore.get(client, f"{location.key}/{kind}/{names[0]}").bytes())
        for kind in ("source", "archive")
    }
    for kind, content in contents.items():
        _put(location, {f"{kind}/{name}": content for name in names[1:]})
    _index(job, names)


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True)
    numbers = np.round(np.random.default_rng(0).normal(size=200), 2)
    pq.write_table(pa.table({"a": numbers, "b": numbers * 2}), path)


def _put(location: Location, contents: dict[str, bytes]) -> None:
    client = connect(location, StoreConfig())
    with ThreadPoolExecutor(_N_THREADS) as pool:
        done = [
            pool.submit(obstore.put, client, f"{location.key}/{key}", content)
            for key, content in contents.items()
        ]
        for one in done:
            one.result()


def _index(job: EncodeJob, names: list[str]) -> None:
    """Remember facts about each copy as if all had been encoded here, no two of them the same."""
    with visiting([job.source, job.archive], keeps_facts=True):
        source, archive = place(job.source), place(job.archive or "")
        footer = footer_of(archive / names[0])
        if footer is None:
            raise RuntimeError(f"no footer: {archive / names[0]}")
        for name in names:
            sha256 = hashlib.sha256(name.encode()).hexdigest()
            own = replace(footer, source_fingerprint=sha256[:32], source_sha256=sha256)
            note_footer(archive / name, own)
            remember(source / name, "fingerprint", f"{name}\0{own.source_fingerprint}")


def _measure(job: EncodeJob) -> tuple[float, ...]:
    """Return wall time and CPU time in seconds, the peak in MB, and the number of current files."""
    command = [sys.executable, "-c", _PLAN, job.model_dump_json()]
    started = time.monotonic()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return (time.monotonic() - started, *map(float, told.split()))


if __name__ == "__main__":
    main()
