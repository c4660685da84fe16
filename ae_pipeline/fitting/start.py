"""The start of a fit: the key of its settings and source, and a former codec."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import Source
from ae_pipeline.errors import CodecMismatchError, listing

#: Settings that shape a codec.
_SHAPING = {"columns", "statistics", "tolerance", "network", "planner", "training", "latent"}


_Codec = TypeVar("_Codec", ArchiveCodec, FeaturesCodec)


def check_same_columns(previous: TableSchema, schema: TableSchema, where: str) -> None:
    """Raise `CodecMismatchError` unless both have the same feature columns."""
    if previous.features != schema.features:
        raise CodecMismatchError(
            "codec to start from has other feature columns",
            where=where,
            expected=listing(schema.features),
            got=_other_columns(schema.features, previous.features),
            remedy="start from another codec, or from none",
        )


def _other_columns(expected: Sequence[str], got: Sequence[str]) -> str:
    missing = [f"{name} is missing" for name in expected if name not in got]
    other = [f"{name} is unexpected" for name in got if name not in expected]
    return listing([*missing, *other]) or "another order"


def codec_to_start_from(
    job: JobConfig, schema: TableSchema, load: Callable[[str], _Codec]
) -> _Codec | None:
    """Load the codec that training goes on from, if the job names one.

    Raises:
        CodecMismatchError: it has other feature columns, or is of another kind.
        CodecError: it cannot be loaded.
    """
    if job.training.start_from is None:
        return None
    previous = load(job.training.start_from)
    check_same_columns(previous.schema, schema, job.training.start_from)
    return previous


def fit_key(job: JobConfig, source: Source) -> str:
    """Return a hash of all settings and source bytes (by fingerprint) that shape a codec."""
    settings = job.model_dump(mode="json", include=_SHAPING)
    settings["training"].pop("checkpoint_s")
    settings["tolerance"] = job.tolerance.shaping()
    settings["columns"].pop("accept_changes")
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for fragment in source.fragments:
        digest.update(source.fingerprint(fragment).encode())
    return digest.hexdigest()[:32]
