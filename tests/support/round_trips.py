"""One fragment to an archive on disk and back, with a codec that was never trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import ArchiveCodec, save_archive_codec
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, verify
from tests.support.archives import (
    assert_keeps_promise,
    bits,
    make_codec,
    random_network,
    raw_values,
)

PART = "day=1/part-0.parquet"


@dataclass(frozen=True)
class Paths:
    """Where one round trip lies."""

    root: Path

    @property
    def source(self) -> Path:
        """What is encoded."""
        return self.root / "source"

    @property
    def archive(self) -> Path:
        """What encode writes."""
        return self.root / "archive"

    @property
    def decoded(self) -> Path:
        """What decode writes."""
        return self.root / "decoded"


def write_source(
    paths: Paths, table: pa.Table, row_group_size: int = 1000, *, use_dictionary: bool = False
) -> pa.Schema:
    """One fragment; the schema is what Parquet makes of it, which has no dictionaries of numbers.

    In Parquet's own dictionaries all NaN are one.
    """
    path = paths.source / PART
    path.parent.mkdir(parents=True)
    pq.write_table(table, path, row_group_size=row_group_size, use_dictionary=use_dictionary)
    return pq.read_schema(path)


def codec_for(
    arrow: pa.Schema,
    features: Sequence[str],
    tolerance: float | Sequence[float],
    seed: int | None = None,
    window: int = 1,
) -> ArchiveCodec:
    """A codec that was never trained; with a seed it has a network that has learned nothing."""
    network = None
    if seed is not None:
        generator = np.random.default_rng(seed)
        network = random_network(generator, len(features), window=window).as_stored()
    codec = make_codec(pa.schema([arrow.field(name) for name in features]), tolerance, network)
    return replace(codec, schema=TableSchema(arrow, tuple(features)))


def run_encode(paths: Paths, codec: ArchiveCodec) -> None:
    """Encode with a codec directory, as a job does."""
    save_archive_codec(codec, paths.root / "codec")
    job = EncodeJob(
        source=str(paths.source), archive=str(paths.archive), codec=str(paths.root / "codec")
    )
    assert encode(job).failures == ()


def run_verify(paths: Paths) -> DatasetReport:
    """Verify against the source."""
    return verify(VerifyJob(archive=str(paths.archive), source=str(paths.source)))


def assert_round_trip(paths: Paths, codec: ArchiveCodec) -> None:
    """Encode, verify and decode; hold every value of the decoded file to its promise."""
    run_encode(paths, codec)
    assert run_verify(paths).failures == ()
    decode(DecodeJob(archive=str(paths.archive), decoded=str(paths.decoded)))
    expected, got = read_whole(paths.source / PART), read_whole(paths.decoded / PART)
    assert got.schema.equals(expected.schema, check_metadata=True)
    tolerance = dict(
        zip(codec.schema.features, [one.absolute for one in codec.promises], strict=True)
    )
    for name in expected.column_names:
        theirs, ours = expected[name].combine_chunks(), got[name].combine_chunks()
        if name in tolerance:
            assert_keeps_promise(theirs, ours, tolerance[name])
        else:
            assert_same_bits(theirs, ours)


def read_whole(path: Path) -> pa.Table:
    """A file, row group by row group: Arrow cannot join nested dictionaries while it reads."""
    with pq.ParquetFile(path) as file:
        groups = [file.read_row_group(number) for number in range(file.num_row_groups)]
        return pa.concat_tables([file.schema_arrow.empty_table(), *groups])


def assert_same_bits(expected: pa.Array, got: pa.Array) -> None:
    """Same type, nulls and values, floats bit by bit however deep they lie."""
    assert got.type == expected.type
    assert got.is_null().equals(expected.is_null())
    if pa.types.is_dictionary(expected.type):
        assert_same_bits(expected.dictionary_decode(), got.dictionary_decode())
    elif pa.types.is_struct(expected.type):
        for theirs, ours in zip(expected.flatten(), got.flatten(), strict=True):
            assert_same_bits(theirs, ours)
    elif pa.types.is_map(expected.type):
        as_list = pa.list_(expected.type.field(0))
        assert_same_bits(expected.cast(as_list), got.cast(as_list))
    elif pa.types.is_nested(expected.type):
        assert pc.list_value_length(got).equals(pc.list_value_length(expected))
        assert_same_bits(pc.list_flatten(expected), pc.list_flatten(got))
    elif pa.types.is_floating(expected.type):
        valid = expected.is_valid().to_numpy(zero_copy_only=False)
        np.testing.assert_array_equal(
            bits(raw_values(got)[valid]), bits(raw_values(expected)[valid])
        )
    else:
        assert got.equals(expected)
