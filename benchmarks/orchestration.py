"""Time that Prefect adds to a backfill of thousands of small fragments.

    python -m benchmarks.orchestration [--fragments 5000] [--rows 2000] [--pairs 5]

The same backfill by the library and as a flow against a standing server, in turns, each in a
process of its own: seconds from plan to report, the starts of Python and of the server apart.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.report.tables.table import Table
from ae_pipeline.verbs import encode
from benchmarks.measure.machine import machine_line

#: Share of the work that orchestration may add.
_TARGET = 0.10
_FILES_PER_DAY = 10
_COLUMNS = 8
_RUN = """
import os, sys, time
from ae_pipeline.config.job import EncodeJob
if sys.argv[1] == "flow":
    from flows.backfill import backfill
else:
    from ae_pipeline.verbs import backfill
job = EncodeJob.model_validate_json(sys.argv[2])
started, cpu = time.monotonic(), time.process_time()
report = backfill(job)
print(time.monotonic() - started, time.process_time() - cpu, report.report.n_written)
"""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fragments", type=int, default=5000)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_source(folder / "source", arguments.fragments, arguments.rows)
        url = _start_server(folder)
        job = _job(source, folder)
        rows = [
            (
                str(number),
                *_measure("library", job, folder / f"library-{number}", url),
                *_measure("flow", job, folder / f"flow-{number}", url),
            )
            for number in range(1, arguments.pairs + 1)
        ]
    console = Console(width=100, highlight=False)
    console.print(machine_line())
    render(_table(rows, arguments.fragments, arguments.rows), console)


def write_source(root: Path, n_fragments: int, n_rows: int) -> Path:
    """Write random walks in a few related columns, ten files a day."""
    generator = np.random.default_rng(0)
    names = [f"c{number}" for number in range(_COLUMNS)]
    for number in range(n_fragments):
        path = root / f"day={number // _FILES_PER_DAY:05d}/part-{number % _FILES_PER_DAY}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        walk = generator.normal(size=(n_rows, _COLUMNS)).cumsum(axis=0)
        pq.write_table(pa.table(dict(zip(names, walk.T, strict=True))), path)
    return root


def _start_server(folder: Path) -> str:
    """Start a server that stops with this process, its database in the folder; return its URL."""
    os.environ["PREFECT_HOME"] = str(folder / "prefect")
    for name in ("READ_BATCH_SIZE", "BATCH_SIZE"):
        os.environ[f"PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_{name}"] = "100"
    os.environ["PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL"] = "1"
    from prefect.server.api.server import SubprocessASGIServer

    import flows  # noqa: F401  sets what Prefect reads when it is imported

    server = SubprocessASGIServer()
    server.start(timeout=180)
    return server.api_url


def _job(source: Path, folder: Path) -> EncodeJob:
    """Return a backfill job whose codec is already fitted."""
    day = EncodeJob(
        source=str(source / "day=00000"),
        archive=str(folder / "fitted"),
        planner={"learn": "linear"},
    )
    (codec_id,) = encode(day).codec_ids
    codec = str(folder / "fitted/_ae/codecs" / codec_id)
    return EncodeJob(source=str(source), archive="to be set", codec=codec)


def _measure(way: str, job: EncodeJob, archive: Path, url: str) -> tuple[float, float]:
    """Return wall and CPU seconds of one backfill; CPU counts its own process alone."""
    text = job.model_copy(update={"archive": str(archive)}).model_dump_json(exclude_unset=True)
    environment = {
        **os.environ,
        "PREFECT_API_URL": url,
        "PREFECT_LOGGING_TO_CONSOLE_LEVEL": "ERROR",
    }
    command = [sys.executable, "-c", _RUN, way, text]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    wall, cpu, _ = run.stdout.splitlines()[-1].split()
    return float(wall), float(cpu)


def _table(
    rows: list[tuple[str, float, float, float, float]], n_fragments: int, n_rows: int
) -> Table:
    added = [flow / library - 1.0 for _, library, _, flow, _ in rows]
    median = statistics.median(added)
    verdict = "met" if median <= _TARGET else "MISSED"
    return Table(
        title=f"Backfill of {n_fragments:,} fragments of {n_rows:,} rows x {_COLUMNS} float64",
        headings=("pair", "library s", "CPU s", "flow s", "CPU s ", "added"),
        rows=tuple((*row, f"{100 * share:+.0f} %") for row, share in zip(rows, added, strict=True)),
        note=f"Added by Prefect: {100 * median:.0f} % (median), at most {100 * _TARGET:.0f} %: "
        f"{verdict}.",
    )


if __name__ == "__main__":
    main()
