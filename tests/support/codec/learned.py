"""Codecs of tables with columns of every kind, their networks drawn instead of trained."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import fit_standardization
from ae_pipeline.config.job import JobConfig
from ae_pipeline.dataset import discover
from ae_pipeline.fitting.features.columns import LearnedColumns, learned_columns
from ae_pipeline.formats import FeaturesFormat
from ae_pipeline.inputs import RowInputs
from ae_pipeline.results.progress import silent
from tests.support.codec.drawn import random_weights
from tests.support.codec.features import hand_set_codec


def learned(table: pa.Table) -> LearnedColumns:
    """The kinds that a fit with `columns.learn` all finds in a table."""
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "part.parquet")
        job = JobConfig(columns={"learn": "all"}, execution={"engine": "threads", "workers": 1})
        return learned_columns(job, discover(folder), silent)


def drawn_codec(table: pa.Table, seed: int = 0) -> FeaturesCodec | None:
    """A codec of a table; None if there is nothing that a network could see."""
    found = learned(table)
    standardization = fit_standardization(found.measured.statistics, 10.0)
    inputs = RowInputs(standardization, found.categories)
    if not inputs.n_inputs:
        return None
    architecture = Architecture(inputs.n_inputs, 1, (3,), (3,), "relu", "residual")
    return hand_set_codec(
        schema=found.measured.schema,
        std=found.measured.deviation(standardization),
        standardization=standardization,
        architecture=architecture,
        weights=random_weights(architecture, np.random.default_rng(seed)),
        categories=found.categories,
        keeps_exact=True,
    )


def there_and_back(codec: FeaturesCodec, records: pa.RecordBatch) -> pa.RecordBatch:
    """Encode rows to records of a features dataset, and decode these."""
    return decoded(codec, encoded(codec, records), records.schema)


def encoded(codec: FeaturesCodec, records: pa.RecordBatch) -> pa.RecordBatch:
    """Rows of a features dataset."""
    format = FeaturesFormat(codec)
    return format.encode_records(format.encoded_schema(records.schema), records)[0]


def decoded(codec: FeaturesCodec, stored: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows of a source again."""
    return FeaturesFormat(codec).decode_records("latent", schema, "here", stored)
