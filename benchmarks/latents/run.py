"""One table through all methods, each in a process of its own, and then their scores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.latents.exchange import Score, save_failure
from benchmarks.latents.kinds import Kinds
from benchmarks.latents.ours import write_source
from benchmarks.latents.tables import Rows

_ROOT = Path(__file__).parents[2]
OURS, RAW = "ours", "raw"
#: All methods, ours first.
METHODS = (OURS, "pca", RAW, "dfencoder", "pyod")
_MOST_TOLD = 300


@dataclass(frozen=True)
class Plan:
    """Methods, dimensions and settings of a run.

    Args:
        methods: names of methods.
        dims: numbers of a latent.
        settings: of ours, as KEY=VALUE.
        peer_python: an interpreter with scikit-learn and the peers.
    """

    methods: tuple[str, ...]
    dims: tuple[int, ...]
    settings: tuple[str, ...]
    peer_python: str

    @property
    def set_options(self) -> list[str]:
        """Settings as options of a command line."""
        return [part for one in self.settings for part in ("--set", one)]


def score_table(rows: Rows, plan: Plan) -> list[Score]:
    """Run all methods on a table and score them.

    Raises:
        RuntimeError: the scores themselves cannot be made.
    """
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        Kinds.of(rows.table, rows.text).inputs(rows).save(folder)
        dims = [str(dim) for dim in plan.dims]
        for method in plan.methods:
            if method != RAW:
                _make(method, folder, rows, plan)
        file = folder / "scores.json"
        arguments = [rows.name, path, str(file), *plan.methods, "--dims", *dims]
        run_module(plan.peer_python, "benchmarks.latents.scoring", arguments)
        return TypeAdapter(list[Score]).validate_json(file.read_text(encoding="utf-8"))


def _make(method: str, folder: Path, rows: Rows, plan: Plan) -> None:
    """Let a method leave its outputs, or the reason why there are none."""
    dims = [str(dim) for dim in plan.dims]
    try:
        if method == OURS:
            write_source(folder, rows)
            text = ["--text", *rows.text] if rows.text else []
            arguments = [str(folder), *dims, *plan.set_options, *text]
            run_module(sys.executable, "benchmarks.latents.ours", arguments)
        else:
            arguments = [method, str(folder), *dims]
            run_module(plan.peer_python, "benchmarks.latents.peers", arguments)
    except RuntimeError as error:
        for dim in plan.dims:
            save_failure(folder, method, dim, str(error))


def measure_costs(source: Path, settings: Sequence[str], *, is_brief: bool) -> dict[str, float]:
    """Return what `costs` measures of a source.

    Raises:
        RuntimeError: it cannot be fitted or encoded.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "costs.json"
        options = [part for one in settings for part in ("--set", one)]
        brief = ["--brief"] if is_brief else []
        arguments = [str(source), *options, *brief, "--json", str(file)]
        run_module(sys.executable, "benchmarks.latents.costs", arguments)
        return dict(json.loads(file.read_text(encoding="utf-8")))


def run_module(python: str, module: str, arguments: Sequence[str]) -> None:
    """Run a module of this repository, on one thread as ours runs.

    Raises:
        RuntimeError: it failed; the message is the last line that it printed.
    """
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [python, "-m", module, *arguments],
            cwd=_ROOT,
            env=os.environ | threads,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise RuntimeError(str(error)) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(lines[-1][:_MOST_TOLD])
