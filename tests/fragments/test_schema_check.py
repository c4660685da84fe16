"""Schemas that verify holds against each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import Quantizer
from ae_pipeline.columns import TableSchema, deserialize_schema, serialize_schema
from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.errors import CorruptFragmentError, PromiseBrokenError
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.block_records import BLOCK_COLUMN, archive_schema
from ae_pipeline.fragments.schema_check import check_source_schema, check_stored_schema
from ae_pipeline.results.fit import TrainingSummary
from ae_pipeline.verbs import encode, verify
from tests.support.strategies.columns import KEPT

SOURCE = pa.schema(
    [
        pa.field("x", pa.float64(), metadata={"unit": "kPa"}),
        pa.field("key", pa.int64(), nullable=False),
        pa.field("deep", pa.struct([pa.field("word", pa.string(), metadata={"a": "b"})])),
    ],
    {"origin": "test"},
)


def renamed(schema: pa.Schema) -> pa.Schema:
    """One column of another name."""
    return pa.schema([schema.field(0).with_name("y"), *list(schema)[1:]], schema.metadata)


def with_field(number: int, change: Callable[[pa.Field], pa.Field]) -> pa.Schema:
    """The source's schema with one field changed."""
    return SOURCE.set(number, change(SOURCE.field(number)))


CHANGES = {
    "order": pa.schema(list(SOURCE)[::-1], SOURCE.metadata),
    "name": renamed(SOURCE),
    "a column less": pa.schema(list(SOURCE)[:2], SOURCE.metadata),
    "type": with_field(0, lambda field: field.with_type(pa.float32())),
    "nullability": with_field(1, lambda field: field.with_nullable(True)),
    "metadata of a field": with_field(0, lambda field: field.with_metadata({"unit": "Pa"})),
    "metadata inside": with_field(
        2, lambda field: field.with_type(pa.struct([pa.field("word", pa.string())]))
    ),
    "metadata of the schema": SOURCE.with_metadata({"origin": "elsewhere"}),
    "no metadata": SOURCE.remove_metadata(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_difference_to_the_source_is_found(change: str) -> None:
    """Order, names, types, nullability and metadata, nested ones too, must be the source's."""
    check_source_schema(SOURCE, SOURCE, "p")
    with pytest.raises(PromiseBrokenError, match="schema differs from the source"):
        check_source_schema(CHANGES[change], SOURCE, "p")


@pytest.mark.parametrize("kind", KEPT, ids=str)
def test_schemas_survive_files_and_footers(kind: pa.DataType, tmp_path: Path) -> None:
    """What a Parquet file says of a column of any type equals what a codec keeps of it."""
    pq.write_table(pa.table({"c": pa.nulls(1, kind)}), tmp_path / "p.parquet")
    source = pq.ParquetFile(tmp_path / "p.parquet").schema_arrow
    check_source_schema(deserialize_schema(serialize_schema(source)), source, "p")
    pq.write_table(pq.ParquetFile(tmp_path / "p.parquet").read(), tmp_path / "again.parquet")
    check_source_schema(source, pq.ParquetFile(tmp_path / "again.parquet").schema_arrow, "p")


def test_files_of_duckdb(tmp_path: Path) -> None:
    """Logical types of Parquet that no stored Arrow schema explains are the same after decoding."""
    source, archive = tmp_path / "source/p.parquet", str(tmp_path / "archive")
    source.parent.mkdir()
    with duckdb.connect() as connection:
        connection.sql(
            "SELECT i * 0.5 AS x, uuid() AS u, '[1]'::JSON AS j, i::HUGEINT AS h, "
            "'v'::BLOB AS b, TIMETZ '12:00:00+01' AS t FROM range(50) AS r(i)"
        ).write_parquet(str(source))
    job = EncodeJob(source=str(source.parent), archive=archive, planner={"learn": "never"})
    assert encode(job).failures == ()
    report = verify(VerifyJob(archive=archive, source=str(source.parent)))
    assert report.failures == ()
    assert report.total.n_rows == 50


def format() -> ArchiveFormat:
    """A coder of the source with one feature column."""
    training = TrainingSummary(0, 0, "steps", 0, 0.0, 0.0)
    one = np.ones(1)
    provenance = Provenance("source", "key", 1, training)
    return ArchiveFormat(
        ArchiveCodec(
            TableSchema(SOURCE, ("x",)), (Quantizer.linear(1.0, 1.0),), one, None, None, provenance
        )
    )


def test_stored_columns_are_those_of_the_codec() -> None:
    """A file whose kept columns or block column are not the codec's is damaged."""
    stored = archive_schema(SOURCE, format().schema.features)
    check_stored_schema(format(), SOURCE, stored.with_metadata({"ae:kind": "archive"}), "p")
    others = (
        stored.remove(0),
        stored.append(pa.field("new", pa.int8())),
        stored.set(0, stored.field(0).with_type(pa.int32())),
        stored.set(2, pa.field(BLOCK_COLUMN, pa.string())),
    )
    for other in others:
        with pytest.raises(CorruptFragmentError, match="not those that its codec stores"):
            check_stored_schema(format(), SOURCE, other, "p")
