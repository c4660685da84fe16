"""Score all that methods left in a folder.

    PEER_PYTHON -m benchmarks.latents.scoring TABLE FOLDER FILE METHOD... --dims DIM...

FILE gets the scores as JSON.
"""

from __future__ import annotations

import argparse
import json
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.latents.exchange import Inputs, Made, Score, load_made
from benchmarks.latents.scoring.downstream import (
    LEARNED,
    anomaly_auc,
    linear_score,
    raw_scores,
    recall_of_neighbours,
    trees_score,
)
from benchmarks.latents.scoring.reconstruction import Reconstruction

_RAW, _CLOCK_S = "raw", 1e-6


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("methods", nargs="+")
    parser.add_argument("--dims", nargs="+", type=int, required=True)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of regressions that stop at their last step
    inputs = Inputs.load(given.folder)
    is_learned = inputs.metric in LEARNED
    found = [_raw(given.table, inputs)] if is_learned and _RAW in given.methods else []
    for dim in given.dims:
        for method in given.methods:
            if method != _RAW:
                found.append(_scored(given.table, inputs, load_made(given.folder, method, dim)))
    given.file.write_text(json.dumps([asdict(one) for one in found]), encoding="utf-8")


def _raw(table: str, inputs: Inputs) -> Score:
    linear, trees = raw_scores(inputs)
    return Score(table, _RAW, 0, inputs.n_columns, inputs.n_columns, linear=linear, trees=trees)


def _scored(table: str, inputs: Inputs, made: Made) -> Score:
    if made.outputs is None:
        return Score(table, made.method, made.dim, failure=made.failure)
    outputs = made.outputs
    if not np.isfinite(outputs.latents).all():
        return Score(table, made.method, made.dim, failure="latents that are not finite")
    near = Reconstruction(inputs, outputs)
    is_learned, has_vectors = inputs.metric in LEARNED, inputs.vectors.shape[1] > 0
    return Score(
        table=table,
        method=made.method,
        dim=made.dim,
        n_learned=outputs.n_learned,
        n_columns=inputs.n_columns,
        mse=near.mse,
        bulk_mse=near.bulk_mse,
        accuracy=near.accuracy,
        vector_mse=near.vector_mse,
        linear=linear_score(inputs, outputs.latents) if is_learned else None,
        trees=trees_score(inputs, outputs.latents) if is_learned else None,
        anomaly_auc=anomaly_auc(inputs, near.row_errors) if inputs.metric == "anomaly" else None,
        recall=recall_of_neighbours(inputs, outputs.latents) if has_vectors else None,
        train_rows=_rate(int((~inputs.is_test).sum()), outputs.train_s),
        encode_rows=_rate(len(inputs.is_test), outputs.encode_s),
    )


def _rate(n_rows: int, cpu_s: float) -> float:
    """Return rows per CPU-second; the clock's step bounds it."""
    return n_rows / max(cpu_s, _CLOCK_S)


if __name__ == "__main__":
    main()
