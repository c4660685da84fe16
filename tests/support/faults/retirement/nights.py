"""Nights that delete sources, and the check that no row is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import load_archive_codec
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob
from ae_pipeline.verbs import backfill, compress, decode, encode
from tests.support.faults.retirement.place import NAMES, Place, table, write

TOLERANCE, COARSE = 0.001, 0.5


def night(place: Place, delete: str = "after_verify") -> None:
    """Fine tolerances; raises if a fragment failed."""
    job = CompressJob(
        source=str(place.source),
        archive=str(place.archive),
        codec=str(place.root / "fine"),
        retention={"delete_source": delete},
        execution={"workers": 1},
    )
    report = compress(job)
    if report.failures:
        raise RuntimeError("; ".join(map(str, report.failures)))


def coarse(place: Place) -> None:
    """A backfill of larger tolerances over the same archive, whatever is there."""
    job = EncodeJob(
        source=str(place.source),
        archive=str(place.archive),
        codec=str(place.root / "coarse"),
        backfill={"only": ("missing", "stale", "failed", "outdated", "current")},
        execution={"workers": 1},
    )
    backfill(job)


def prepare(root: Path) -> None:
    """A source, what it holds, and two codecs."""
    for seed, name in enumerate(NAMES):
        write(root / "source" / name, table(seed))
        write(root / "truth" / f"{Path(name).parent.name}.parquet", table(seed))
    for name, value in (("fine", TOLERANCE), ("coarse", COARSE)):
        rules = [{"match": "x", "kind": "absolute", "value": value}]
        job = EncodeJob(
            source=str(root / "source"),
            archive=str(root / f"{name}-archive"),
            tolerance={"rules": rules, "accept_flattened": True},
            planner={"learn": "never"},
        )
        assert not encode(job).failures
        (codec,) = (root / f"{name}-archive" / "_ae/codecs").iterdir()
        codec.rename(root / name)
    (root / "fine-archive").rename(root / "archive")
    shutil.copytree(root / "fine", root / "archive/_ae/codecs" / _codec_id(root / "fine"))
    shutil.rmtree(root / "coarse-archive")


def _codec_id(directory: Path) -> str:
    return load_archive_codec(directory).id


def check(place: Place) -> None:
    """Each row is in the source, under whatever name, or comes out of the archive as promised."""
    missing = [name for name in NAMES if not is_in_source(place, name)]
    if not missing:
        return
    out = place.root / "out"
    shutil.rmtree(out, ignore_errors=True)
    decode(DecodeJob(archive=str(place.archive), decoded=str(out)))
    for name in missing:
        truth = pq.read_table(place.root / "truth" / f"{Path(name).parent.name}.parquet")
        found = pq.ParquetFile(out / name).read()
        assert found["key"].equals(truth["key"]), name
        errors = np.abs(found["x"].to_numpy() - truth["x"].to_numpy())
        assert errors.max() <= TOLERANCE, f"{name}: off by {errors.max()}"


def is_in_source(place: Place, name: str) -> bool:
    """Whether the source has the bytes of a fragment, under its own name or hidden."""
    truth = (place.root / "truth" / f"{Path(name).parent.name}.parquet").read_bytes()
    folder = (place.source / name).parent
    return any(path.read_bytes() == truth for path in folder.glob("*") if path.is_file()) or any(
        path.read_bytes() == truth for path in folder.glob(".*") if path.is_file()
    )
