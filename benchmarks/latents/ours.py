"""Our latents by our own verbs: fit on the training rows, write features of all, decode them.

    python -m benchmarks.latents.ours FOLDER DIM... [--set KEY=VALUE]

FOLDER has `train` and `all`, each a source. A process of its own, so that TensorFlow is loaded once
and before anything is timed. The other columns of the features are those that the codec kept: they
are not in the latents, and a model of the latents does not see them.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # settings have values of many types

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import ae_pipeline
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.config.load import parse_setting
from benchmarks.latents.exchange import Outputs, save_each
from benchmarks.latents.kinds import Kinds
from benchmarks.latents.tables import Rows

#: The key by which latents are joined with what is to be learned of them.
KEY = "row"
_METHOD, _LATENT = "ours", "latent"
_FILE = "part-0.parquet"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("dims", nargs="+", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--text", nargs="*", default=())
    given = parser.parse_args()
    prepare()
    settings = dict(map(parse_setting, given.set))
    table = pq.read_table(given.folder / "all").drop_columns(KEY)
    kinds = Kinds.of(table, tuple(given.text))

    def make(dim: int) -> Outputs:
        return _latents(given.folder, kinds, settings | {"network.latent_dim": dim})

    save_each(given.folder, _METHOD, given.dims, make)


def prepare() -> None:
    """Load TensorFlow and pin threads, so that neither is timed."""
    import ae_pipeline.training  # noqa: F401, loads TensorFlow

    logging.basicConfig(level=logging.WARNING)
    pin_blas_threads()


def write_source(folder: Path, rows: Rows) -> None:
    """Write the sources that this module reads."""
    whole = rows.table.append_column(KEY, pa.array(np.arange(rows.table.num_rows)))
    for name, table in (("all", whole), ("train", whole.filter(pa.array(~rows.is_test)))):
        (folder / name).mkdir(parents=True)
        pq.write_table(table, folder / name / _FILE)


def fit(source: Path, codec: Path, settings: dict[str, Any]) -> float:
    """Fit a codec for features and return the CPU-seconds that it took."""
    started = time.process_time()
    ae_pipeline.fit(source, codec, **{"execution.engine": "threads"} | settings)
    return time.process_time() - started


def write_features(source: Path, features: Path, codec: Path) -> float:
    """Write features and return the CPU-seconds that it took, with those of Parquet."""
    started = time.process_time()
    report = ae_pipeline.features(source, features, codec=str(codec), execution__engine="threads")
    spent = time.process_time() - started
    if report.failures:
        raise RuntimeError(str(report.failures[0]))
    return spent


def _latents(folder: Path, kinds: Kinds, settings: dict[str, Any]) -> Outputs:
    own = folder / f"{_METHOD}-{settings['network.latent_dim']}"
    train_s = fit(folder / "train", own / "codec", {"columns.keep": [KEY]} | settings)
    encode_s = write_features(folder / "all", own / "features", own / "codec")
    ae_pipeline.decode(own / "features", own / "decoded")
    features, decoded = (_in_order(own / name) for name in ("features", "decoded"))
    learned = _learned(decoded.column_names, features.column_names)
    rows = decoded.select(learned)
    vectors = kinds.vectors_of(rows)
    width = kinds.vectors_of(decoded).shape[1]
    if vectors.shape[1] != width:
        vectors = np.full((rows.num_rows, width), np.nan, np.float32)
    return Outputs(
        latents=Kinds((), {}, (), (_LATENT,)).vectors_of(features),
        numbers=kinds.numbers_of(rows),
        categories=kinds.categories_of(rows),
        vectors=vectors,
        train_s=train_s,
        encode_s=encode_s,
        n_learned=len(learned),
    )


def _learned(decoded: Sequence[str], kept: Sequence[str]) -> list[str]:
    """Return the columns that come back and are not among those of the features."""
    return [name for name in decoded if name not in kept]


def _in_order(folder: Path) -> pa.Table:
    table = pq.ParquetFile(folder / _FILE).read()
    return table.sort_by(KEY)


if __name__ == "__main__":
    main()
