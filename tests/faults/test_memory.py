"""Memory stays flat: whatever the size of a file, and however long its text is.

Verbs run in processes of their own, whose peaks are theirs alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.verbs import decode, encode, verify
from tests.support.jobs.processes import peak_memory

#: No network, and seconds for the table.
PLANNER = {"learn": "never", "budget_s": 5.0}


def peak_of(verb: str, source: Path, archive: Path, workers: int = 2) -> int:
    """Most bytes of memory that a verb held."""
    code = "import sys; from tests.faults import test_memory; test_memory.main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, verb, str(source), str(archive), str(workers)]
    root = Path(__file__).parents[2]
    # A long job loads a compiler, which takes as much memory whatever the size of a file.
    own = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=root, env=own, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def main(verb: str, source: str, archive: str, workers: str) -> None:
    """The other end of `peak_of`."""
    execution = {"workers": workers}
    if verb == "encode":
        job = EncodeJob(source=source, archive=archive, planner=PLANNER, execution=execution)
        report = encode(job)
    elif verb == "verify":
        report = verify(VerifyJob(archive=archive, source=source, execution=execution))
    else:
        report = decode(
            DecodeJob(archive=archive, decoded=f"{archive}-decoded", execution=execution)
        )
    assert report.failures == ()
    sys.stdout.write(str(peak_memory()))


def write_groups(folder: Path, group: pa.Table, n_groups: int) -> Path:
    """One file of the same row group several times."""
    folder.mkdir()
    with pq.ParquetWriter(folder / "p.parquet", group.schema) as writer:
        for _ in range(n_groups):
            writer.write_table(group)
    return folder


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Files of a number of row groups and of four times as many.

    The smaller one has as many values as the sample that a table is learned from.
    """
    root, noise = tmp_path_factory.mktemp("memory"), np.random.default_rng(1)
    rows = np.arange(1 << 17)
    columns = {f"c{n}": noise.normal(size=len(rows)).round(3) for n in range(4)}
    columns |= {f"step{n}": rows // (n + 500) for n in range(20)}
    group = pa.table({**columns, "word": [f"word {n % 99}" for n in rows]})
    return {n: write_groups(root / str(n), group, n) for n in (2, 8)}


@pytest.mark.timeout(400)
def test_memory_is_flat_in_file_size(sources: dict[int, Path], tmp_path: Path) -> None:
    """Four times the row groups take at most 1.3 times the memory, to encode, verify and decode."""
    for verb in ("encode", "verify", "decode"):
        small, large = (peak_of(verb, sources[n], tmp_path / str(n)) for n in (2, 8))
        assert large <= 1.3 * small, verb


@pytest.mark.parametrize(("workers", "most_mb"), [(1, 1100), (2, 1400)])
def test_memory_with_long_text(tmp_path: Path, workers: int, most_mb: int) -> None:
    """Rows of long text go some at a time, and one more block for each worker more."""
    group = pa.table({"x": np.arange(1000.0), "text": ["y" * 18_000] * 1000})
    source, archive = write_groups(tmp_path / "source", group, 80), tmp_path / "archive"
    for verb in ("encode", "verify", "decode"):
        assert peak_of(verb, source, archive, workers) < most_mb << 20, verb  # of 1,440 MB
    metadata = pq.read_metadata(archive / "p.parquet")
    assert metadata.num_rows == 80_000
    assert metadata.row_group(0).num_rows * 18_000 < 160 << 20
