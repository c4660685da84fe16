"""The CPU time of one fragment, stage by stage, in this process."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pyarrow as pa

from ae_pipeline.blocks.block import Block, block_to_arrays, records_to_block, rows_per_block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import decode_matrix, encode_matrix, pin_blas_threads
from ae_pipeline.dataset import Fragment, open_fragment, read_records, rebatch
from ae_pipeline.formats import compose_records, features_schema, split_records
from ae_pipeline.parquet import table_writer
from ae_pipeline.storage import Footer

_LATENT_COLUMN = "latent"


@dataclass
class Stages:
    """CPU-seconds by stage, and the rows they were spent on."""

    n_rows: int = 0
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _last: float = field(default_factory=time.process_time)

    def lap(self, stage: str) -> None:
        """Charge the time since the last lap to `stage`."""
        now = time.process_time()
        self.cpu_s[stage] += now - self._last
        self._last = now


def typical_stages(runs: Sequence[Stages]) -> Stages:
    """Return medians over runs of the same work, stage by stage."""
    cpu_s = {stage: median(run.cpu_s[stage] for run in runs) for stage in runs[0].cpu_s}
    return Stages(runs[0].n_rows, cpu_s)


def encode_stages(codec: FeaturesCodec, fragment: Fragment, path: Path, n_rows: int) -> Stages:
    """Encode the first row groups of `fragment`, at least `n_rows`, as `encode` does."""
    pin_blas_threads()
    features, schema = codec.schema.features, _features_schema(codec)
    footer = Footer("features", codec.id, "", fragment.size_bytes)
    groups = _first_groups(fragment, n_rows)
    stages = Stages()
    with table_writer(path, schema, footer.to_metadata()) as write:
        for records in read_records(
            fragment, rows_per_block(len(codec.schema.arrow)), row_groups=groups
        ):
            stages.lap("read Parquet")
            block = records_to_block(records, features)
            codec.differs_from_constant(block)
            stages.lap("Arrow to block")
            matrix = block_to_matrix(block, codec.standardization)
            stages.lap("block to matrix")
            latents = encode_matrix(codec.architecture, codec.weights, matrix)
            stages.lap("network")
            write(compose_records(records, latents, block.missing, schema))
            stages.lap("compose and write")
            stages.n_rows += records.num_rows
    stages.lap("compose and write")
    return stages


def decode_stages(codec: FeaturesCodec, fragment: Fragment, path: Path) -> Stages:
    """Decode a features fragment that `encode_stages` wrote, as `decode` does."""
    pin_blas_threads()
    schema, features = codec.schema.arrow, codec.schema.features
    n_rows = rows_per_block(len(schema))
    stages = Stages()
    with table_writer(path, schema) as write:
        for records in rebatch(read_records(fragment, n_rows), n_rows):
            parts = split_records(
                records, _LATENT_COLUMN, codec.latent_dim, len(features), fragment.relative
            )
            stages.lap("read Parquet")
            matrix = decode_matrix(codec.architecture, codec.weights, parts.latents)
            stages.lap("network")
            block = Block(matrix_to_values(matrix, codec.standardization), parts.missing)
            stages.lap("matrix to block")
            arrays = block_to_arrays(block, codec.schema.feature_types)
            stages.lap("block to Arrow")
            write(pa.RecordBatch.from_arrays(arrays, schema=schema))
            stages.lap("compose and write")
            stages.n_rows += records.num_rows
    stages.lap("compose and write")
    return stages


def _features_schema(codec: FeaturesCodec) -> pa.Schema:
    return features_schema(codec.schema.arrow, codec.schema, codec.latent_dim, _LATENT_COLUMN)


def _first_groups(fragment: Fragment, n_rows: int) -> list[int]:
    """Return the numbers of the row groups that hold the first `n_rows`."""
    chosen, seen = [], 0
    with open_fragment(fragment) as file:
        for index in range(file.num_row_groups):
            if seen >= n_rows:
                break
            chosen.append(index)
            seen += file.metadata.row_group(index).num_rows
    return chosen
