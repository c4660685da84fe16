"""Our own costs: rows per CPU-second of encoding large tables, and bytes of a whole dataset.

    python -m benchmarks.latents.costs SOURCE [--brief] [--set KEY=VALUE] --json FILE

Where only speed counts a brief fit does: it does not depend on what the weights are.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from ae_pipeline.config.load import parse_setting
from benchmarks.latents.ours import fit, prepare, write_features

_STEPS, _BRIEF_DIM = 500, 8
#: Numbers of a latent where bytes are counted.
_WHOLE_DIM = 4


def main() -> None:
    """Command line: print rows per CPU-second and bytes of both datasets as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--brief", action="store_true", help="train for a few steps only")
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()
    prepare()
    settings = dict(map(parse_setting, given.set))
    usual = {"network.latent_dim": _BRIEF_DIM if given.brief else _WHOLE_DIM}
    settings = usual | ({"training.max_steps": _STEPS} if given.brief else {}) | settings
    with tempfile.TemporaryDirectory() as folder:
        codec, features = Path(folder) / "codec", Path(folder) / "features"
        fit(given.source, codec, settings)
        encode_s = write_features(given.source, features, codec)
        found = {
            "encode_rows": _n_rows(given.source) / encode_s,
            "source_bytes": _n_bytes(given.source),
            # with the private folder beside the features: model and all else count
            "features_bytes": _n_bytes(features) + _n_bytes(features.with_name("features.ae")),
        }
    given.json.write_text(json.dumps(found), encoding="utf-8")


def _n_rows(source: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in source.rglob("*.parquet"))


def _n_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
