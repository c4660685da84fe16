"""Rare values of features: they come back, or the fit says once which do not."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.features import FeaturesCodec, load_features_codec, save_features_codec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import TableSchema, fit_standardization
from ae_pipeline.config.job import DecodeJob, EncodeJob, JobConfig
from ae_pipeline.dataset import discover, list_row_groups
from ae_pipeline.fitting.features.rare_values import with_lost_events
from ae_pipeline.fitting.prepare import measure_source
from ae_pipeline.report.presenter import present
from ae_pipeline.results.fit import RareColumn
from ae_pipeline.results.progress import silent
from ae_pipeline.verbs import decode, encode
from tests.support.codec.features import hand_set_codec

N_ROWS, N_FILES = 600, 3
NAMES = ("busy", "rare", "flat", "once")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Files with a column that varies, one with 5 ones, a constant, and one single accident."""
    generator = np.random.default_rng(5)
    columns = {name: np.zeros(N_ROWS * N_FILES) for name in NAMES}
    columns["busy"] = generator.normal(size=N_ROWS * N_FILES)
    columns["rare"][[3, 700, 900, 1500, 1700]] = 1.0
    columns["flat"] += 0.1
    columns["once"][1000] = 1.0
    columns["once"] += 1e-9  # so that 1 is of another world
    table, root = pa.table(columns), tmp_path / "source"
    root.mkdir()
    for number in range(N_FILES):
        pq.write_table(table.slice(number * N_ROWS, N_ROWS), root / f"{number}.parquet")
    return root


def judged(
    source: Path, carries_rare: bool, clip_sigma: float = 10.0, **changes: Any
) -> FeaturesCodec:
    """A codec of two inputs, of which the second is lost on the way if it is so."""
    found = discover(str(source))
    groups = list_row_groups(found.fragments)
    schema = TableSchema(pq.read_schema(source / "0.parquet"), NAMES)
    statistics, groups, _ = measure_source(groups, schema, None, JobConfig(), found, silent)
    shape = Architecture(2, 2, (4,), (4,), "relu", "residual")
    weights = {name: np.zeros(size, np.float32) for name, size in shape.weight_shapes().items()}
    weights["encoder/skip/kernel"] = np.eye(2, dtype=np.float32)
    weights["decoder/skip/kernel"] = np.diag([1.0, float(carries_rare)]).astype(np.float32)
    codec = hand_set_codec(
        schema=schema,
        std=statistics.std,
        standardization=replace(fit_standardization(statistics, 10.0), clip_sigma=clip_sigma),
        architecture=shape,
        weights=weights,
        **changes,
    )
    return with_lost_events(codec, statistics, groups)


def test_carried_events(source: Path) -> None:
    """Of a network that carries rare values nothing is told but what is no input."""
    codec = judged(source, carries_rare=True)
    assert codec.standardization.is_constant.tolist() == [False, False, True, True]
    assert codec.provenance.rare == (RareColumn("once", 1e-9, 1800, 1, 0),)


def test_lost_events(source: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What a network loses is told with its numbers, once; a true constant is not."""
    with caplog.at_level(logging.WARNING):
        codec = judged(source, carries_rare=False)
    assert codec.provenance.rare == (
        RareColumn("rare", 0.0, 1800, 5, 0),
        RareColumn("once", 1e-9, 1800, 1, 0),
    )
    assert [record.getMessage() for record in caplog.records] == [
        "column rare: 5 of 1,800 rows differ from 0, and 0 of them come back as such from "
        "features: keep it exactly with columns.keep",
        "column once: 1 of 1,800 rows differ from 1e-09, and 0 of them come back as such from "
        "features: keep it exactly with columns.keep",
    ]


def test_events_that_are_kept_exactly(source: Path) -> None:
    """Rare values that go beside the latents, clipped or of a constant, are not lost."""
    codec = judged(source, carries_rare=False, clip_sigma=0.5, keeps_exact=True)
    assert codec.provenance.rare == ()


def test_reports_tell_once(source: Path, tmp_path: Path) -> None:
    """Encode and decode tell of a lost column once, not per fragment, and not as a constant."""
    codec = judged(source, carries_rare=False)
    save_features_codec(codec, tmp_path / "codec")
    assert load_features_codec(tmp_path / "codec").provenance == codec.provenance
    job = {"source": str(source), "features": str(tmp_path / "features")}
    encoded = encode(EncodeJob(codec=str(tmp_path / "codec"), **job))
    decoded = decode(DecodeJob(decoded=str(tmp_path / "decoded"), **job))
    told = [str(column) for column in codec.provenance.rare]
    assert len(told) == 2
    assert list(encoded.warnings) == list(decoded.warnings) == present(decoded).warnings() == told
    assert encoded.n_written == N_FILES
