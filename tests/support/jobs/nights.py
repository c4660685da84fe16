"""Nights that delete sources, step by step, and what can happen to files in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.config.job import CompressJob
from ae_pipeline.dataset import Fragment, fingerprint
from ae_pipeline.fragments import DecodePlan
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import (
    NOTHING,
    Settled,
    decode_fragments,
    encode_fragments,
    plan_check,
    start_compress,
)
from ae_pipeline.work import Outcome
from tests.support.data.datasets import mixed_table
from tests.support.jobs.execution import ALONE

NAMES = ("day=1/part-0.parquet", "day=2/part-0.parquet")


def two_days(root: Path) -> Path:
    """Write two days without compression, so that their values lie open."""
    for number, name in enumerate(NAMES):
        (root / name).parent.mkdir(parents=True)
        pq.write_table(long_table(number), root / name, compression="none", use_dictionary=False)
    return root


def long_table(seed: int) -> pa.Table:
    """Enough rows that the fingerprint only samples them."""
    return mixed_table(seed, 20_000).select(["key", "alpha", "count"])


def job_for(source: Path, delete: str = "after_verify", **settings: Any) -> CompressJob:
    """A night over the source and the archive beside it."""
    return CompressJob(
        source=str(source),
        archive=str(source.parent / "archive"),
        **{"planner": {"learn": "never"}, "retention": {"delete_source": delete}, **settings},
    )


def verified(job: CompressJob) -> tuple[DecodePlan, Outcome]:
    """A night up to the comparison."""
    plan = plan_backfill(job)
    encoding = start_compress(job, plan, None)
    written = NOTHING if encoding is None else encode_fragments(encoding, ALONE)
    verifying = plan_check(job, plan, encoding, written)
    assert verifying is not None
    return verifying, decode_fragments(verifying, ALONE)


def unseen_offset(path: Path) -> int:
    """The offset of a byte that belongs to a value and that the fingerprint does not read."""
    before, content = fingerprint(Fragment(path, "x", 0)), path.read_bytes()
    for offset in range(len(content) // 3, len(content)):
        path.write_bytes(flipped(content, offset))
        is_unseen = fingerprint(Fragment(path, "x", 0)) == before
        path.write_bytes(content)
        if is_unseen:
            return offset
    raise AssertionError("the fingerprint reads every byte")


def flipped(content: bytes, offset: int) -> bytes:
    """The content with one bit flipped."""
    return content[:offset] + bytes([content[offset] ^ 1]) + content[offset + 1 :]


def rot(path: Path) -> None:
    """Change a value where the fingerprint does not look."""
    offset = unseen_offset(path)
    path.write_bytes(flipped(path.read_bytes(), offset))


def hidden(path: Path) -> Path:
    """The name of a source file during its deletion."""
    return path.with_name(f".{path.name}.retiring")


def names_of(settled: Settled) -> set[str]:
    """Names of the fragments that failed."""
    return {failure.relative for failure in settled.failures}
