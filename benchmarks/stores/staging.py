"""Share of an encode's CPU time that goes into fetching its source from an object store.

    python -m benchmarks.stores.staging s3://BUCKET/PREFIX [--files 8] [--megabytes 15]

Puts files below the prefix. Then, in a process of its own, fetches them all and encodes them to a
local archive: what encoding finds fetched it does not fetch again, so that the CPU-seconds of both,
the store's client and its threads among them, are told apart. The numbers of the files do not
compress, so that every byte is fetched. The exit code is 1 if staging takes more than 8 % of the
encode with any effort.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import get_args

import obstore
from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.config.effort import Effort
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.locations import Location, parse
from ae_pipeline.report.tables.table import Table
from ae_pipeline.store.clients import connect
from benchmarks.measure.machine import load_line, machine_line
from benchmarks.measure.many_files import ManyFiles, make_files

_MOST_SHARE = 0.08
_RUN = """
import sys, time
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import discover
from ae_pipeline.store import visiting_stores
from ae_pipeline.verbs import encode
job = EncodeJob.model_validate_json(sys.argv[1])
with visiting_stores(job):
    fragments = discover(job.source).fragments
    marks = [time.process_time()]
    for fragment in fragments:
        fragment.path.open("rb").close()
    marks.append(time.process_time())
    failures = encode(job).failures
    marks.append(time.process_time())
assert not failures, failures
print(marks[1] - marks[0], marks[2] - marks[1])
"""


@dataclass(frozen=True)
class Staged:
    """CPU-seconds of one run.

    Args:
        stage_s: to fetch all files.
        encode_s: to encode them, fetched.
    """

    stage_s: float
    encode_s: float

    @property
    def share(self) -> float:
        """Staging over encoding."""
        return self.stage_s / self.encode_s


def main() -> int:
    """Command line; return 1 if staging takes too much."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("uri")
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--megabytes", type=float, default=15.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--effort", nargs="+", choices=get_args(Effort), default=get_args(Effort))
    arguments = parser.parse_args()
    location = parse(arguments.uri)
    if location is None:
        parser.error("an URI such as s3://bucket/prefix is needed")
    with tempfile.TemporaryDirectory(prefix="ae-staging-") as folder:
        files = make_files(Path(folder), arguments.files, arguments.megabytes)
        _put(location, files)
        found = measure(location, files, Path(folder), arguments.effort, arguments.repeats)
    table = staging_table(found, files.raw_mb)
    console = Console()
    console.print(machine_line())
    console.print(load_line())
    render(table, console)
    return int("MISSED" in table.note)


def _put(location: Location, files: ManyFiles) -> None:
    client = connect(location, StoreConfig())
    for path in files.source.iterdir():
        obstore.put(client, f"{location.key}/{path.name}", path)


def measure(
    location: Location, files: ManyFiles, folder: Path, efforts: Sequence[Effort], repeats: int
) -> dict[str, list[Staged]]:
    """Return the runs by effort, made in turns."""
    found: dict[str, list[Staged]] = {effort: [] for effort in efforts}
    for number in range(repeats):
        for effort in efforts:
            archive = folder / f"{effort}-{number}"
            job = EncodeJob(
                source=location.uri,
                archive=str(archive),
                codec=str(files.codec),
                execution={"effort": effort, "engine": "threads", "workers": 1},
            )
            found[effort].append(_run(job))
    return found


def _run(job: EncodeJob) -> Staged:
    command = [sys.executable, "-c", _RUN, job.model_dump_json(exclude_unset=True)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return Staged(*map(float, told.split()[-2:]))


def staging_table(found: dict[str, list[Staged]], raw_mb: float) -> Table:
    """Return a table of medians, one line for each effort, with the verdict as its note."""
    shares = {effort: median(run.share for run in runs) for effort, runs in found.items()}
    word = "met" if max(shares.values()) <= _MOST_SHARE else "MISSED"
    return Table(
        title=f"CPU to fetch and encode {raw_mb:,.0f} MB from an object store",
        headings=("effort", "staging s", "MB/CPU s", "encode s", "MB/CPU s ", "share %"),
        rows=tuple(
            (
                effort,
                *_medians([run.stage_s for run in runs], raw_mb),
                *_medians([run.encode_s for run in runs], raw_mb),
                round(100 * shares[effort], 1),
            )
            for effort, runs in found.items()
        ),
        note=f"Staging over encoding, at most {100 * _MOST_SHARE:.0f} %: {word}",
    )


def _medians(cpu_s: Sequence[float], raw_mb: float) -> tuple[float, int]:
    """Return the median of some CPU-seconds, and its rate."""
    typical = median(cpu_s)
    return round(typical, 2), round(raw_mb / typical)


if __name__ == "__main__":
    raise SystemExit(main())
