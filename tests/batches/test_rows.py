"""Rows in memory: what the verbs write of the same rows, whatever the batches."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.batches import (
    decode_batches,
    decode_rows,
    decoded_schema,
    encode_batches,
    encode_rows,
    encoded_schema,
)
from ae_pipeline.codec.features import save_features_codec
from ae_pipeline.errors import (
    AePipelineError,
    CodecMismatchError,
    CodecNotFoundError,
    ConfigError,
    CorruptFragmentError,
    DuplicateColumnError,
)
from tests.support.codec.features import hand_set_codec, hand_set_table
from tests.support.data.datasets import PARTITIONS, mixed_table, read_table
from tests.support.jobs.pipelines import run_decode

WORKER = """
import sys
import pyarrow as pa
from ae_pipeline import batches
codec, source, destination = sys.argv[1:]
with pa.ipc.open_stream(source) as rows:
    schema = batches.encoded_schema(rows.schema, codec)
    with pa.OSFile(destination, "wb") as file, pa.ipc.new_stream(file, schema) as made:
        for batch in batches.encode_batches(rows, codec):
            made.write_batch(batch)
print(sorted({"tensorflow", "keras", "prefect"} & set(sys.modules)))
"""


@pytest.fixture
def codec(tmp_path: Path) -> str:
    """A codec that restores `hand_set_table`."""
    save_features_codec(hand_set_codec(), tmp_path / "codec")
    return str(tmp_path / "codec")


def bits(table: pa.Table | pa.RecordBatch) -> bytes:
    """The latents as they are in memory."""
    column = pa.table(table)["latent"].combine_chunks()
    return column.flatten().to_numpy(zero_copy_only=False).tobytes()


def test_rows_are_those_that_the_verb_writes(source: Path, features: Path) -> None:
    """Latents bit for bit, kept columns and missing values are those of the features dataset."""
    for partition in PARTITIONS:
        name = f"{partition}/part-0.parquet"
        written = read_table(features / name)
        made = encode_rows(read_table(source / name), str(features))
        assert made.schema.equals(written.schema)
        assert made.equals(written)
        assert bits(made) == bits(written)


@pytest.mark.parametrize("n_rows", [1, 2, 7, 64, 299])
def test_latents_do_not_depend_on_batches(source: Path, features: Path, n_rows: int) -> None:
    """Few rows at a time give the bits of all rows at once."""
    name = f"{PARTITIONS[0]}/part-0.parquet"
    batches = read_table(source / name).to_batches(max_chunksize=n_rows)
    made = pa.Table.from_batches(encode_batches(batches, str(features)))
    assert bits(made) == bits(read_table(features / name))


def test_decoded_rows_are_those_that_the_verb_writes(features: Path, tmp_path: Path) -> None:
    """The inverse gives the rows, the schema and its metadata that `decode` writes."""
    run_decode(features, tmp_path / "decoded")
    for partition in PARTITIONS:
        name = f"{partition}/part-0.parquet"
        rows = read_table(features / name)
        written = read_table(tmp_path / "decoded" / name)
        made = pa.Table.from_batches(decode_batches(rows.to_batches(), str(features)))
        assert made.schema.equals(written.schema, check_metadata=True)
        assert [str(one) for one in made.to_pylist()] == [str(one) for one in written.to_pylist()]


@pytest.mark.parametrize("plain_lists", [False, True])
def test_schemas_are_known_before_rows(features: Path, plain_lists: bool) -> None:
    """The schema that is told is that of any rows: many, one, or none, as a batch or a table."""
    encode = partial(encode_rows, codec=str(features), plain_lists=plain_lists)
    table = mixed_table(5)
    told = encoded_schema(table.schema, str(features), plain_lists=plain_lists)
    for rows in (table, table[:1], table[:0], pa.Table.from_batches([], table.schema)):
        made = encode(rows)
        assert (type(made), made.num_rows) == (pa.Table, rows.num_rows)
        assert made.schema.equals(told, check_metadata=True)
        back = decode_rows(made, str(features))
        assert back.schema.equals(decoded_schema(told, str(features)), check_metadata=True)
        assert back.schema.equals(table.schema, check_metadata=True)
    batch = encode(table.to_batches()[0][:0])
    assert (type(batch), batch.num_rows) == (pa.RecordBatch, 0)
    assert batch.schema.equals(told, check_metadata=True)


numbers = st.integers(-99, 99).map(lambda number: number / 4)


@given(rows=st.lists(st.tuples(numbers, numbers), max_size=9), at=st.integers(0, 9))
def test_rows_come_back(
    rows: list[tuple[float, float]], at: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A codec that restores its rows does so, whatever their number and wherever they are cut."""
    folder = tmp_path_factory.mktemp("codec") / "codec"
    save_features_codec(hand_set_codec(), folder)
    table = hand_set_table([a for a, _ in rows], [b for _, b in rows])
    encoded = list(encode_batches([table[:at], table[at:]], str(folder)))
    decoded = pa.Table.from_batches(decode_batches(encoded, str(folder)))
    assert decoded.equals(pa.table(table))


def test_missing_values_come_back(codec: str) -> None:
    """Nulls, NaN and infinities are as they were, also in a batch of these alone."""
    rows = hand_set_table([1, 2, 3, 4], [1, 2, 3, 4])
    missing = pa.array([None, np.nan, np.inf, -np.inf], pa.float64())
    rows = rows.set_column(1, rows.schema.field(1), missing)
    back = decode_rows(encode_rows(rows, codec), codec)
    assert str(back.column("left").to_pylist()) == str(missing.to_pylist())


def test_more_and_fewer_kept_columns(codec: str) -> None:
    """Kept columns may be others than the fit's: those that are absent stay so, new ones follow."""
    rows = hand_set_table([1, 2], [3, 4]).drop_columns(["key"])
    rows = rows.append_column("more", pa.array(["a", "b"]))
    encoded = encode_rows(rows, codec)
    assert encoded.schema.names == ["more", "latent", "ae:missing"]
    assert decode_rows(encoded, codec).equals(rows)


def test_iterators_are_lazy(codec: str) -> None:
    """A batch is encoded when it is asked for, one for one, as Spark streams them."""
    asked = []

    def batches() -> Iterator[pa.RecordBatch]:
        for number in range(3):
            asked.append(number)
            yield hand_set_table([number], [number])

    made = encode_batches(batches(), codec)
    assert asked == []
    assert next(made).num_rows == 1
    assert asked == [0]


def test_another_process_needs_a_name_alone(source: Path, features: Path, tmp_path: Path) -> None:
    """A process with nothing but text gives the same bits, and loads no TensorFlow."""
    name = f"{PARTITIONS[1]}/part-0.parquet"
    rows = read_table(source / name)
    with pa.OSFile(str(tmp_path / "rows"), "wb") as file, pa.ipc.new_stream(file, rows.schema) as s:
        s.write_table(rows, 50)
    code = [sys.executable, "-c", WORKER, str(features), str(tmp_path / "rows")]
    done = subprocess.run(
        [*code, str(tmp_path / "made")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    with pa.ipc.open_stream(str(tmp_path / "made")) as stream:
        assert bits(stream.read_all()) == bits(read_table(features / name))


def test_functions_travel(codec: str) -> None:
    """A function with its codec is pickled as names alone."""
    rows = hand_set_table([1], [2])
    packed = pickle.dumps(partial(encode_rows, codec=codec))
    assert len(packed) < 1000
    assert pickle.loads(packed)(rows).equals(encode_rows(rows, codec))  # noqa: S301, our own


def test_a_codec_that_is_replaced_is_loaded_anew(codec: str) -> None:
    """A process that lives on uses the codec that the folder has now."""
    rows = hand_set_table([1], [2])
    before = encode_rows(rows, codec)
    other = {name: 2 * array for name, array in hand_set_codec().weights.items()}
    save_features_codec(hand_set_codec(weights=other), Path(codec))
    assert not encode_rows(rows, codec).equals(before)


ROWS = hand_set_table([1.0], [2.0])
Call = Callable[[str], object]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda c: encode_rows(ROWS, f"{c}/none"), CodecNotFoundError, "no codec here"),
        (lambda c: encode_rows(ROWS.drop_columns(["left"]), c), CodecMismatchError, "left is"),
        (
            lambda c: encoded_schema(pa.schema([("left", pa.string())]), c),
            CodecMismatchError,
            "left is string, not double",
        ),
        (lambda c: encode_rows(ROWS, c, "key"), ConfigError, "name of a new one: key"),
        (
            lambda c: encode_rows(ROWS.append_column("key", ROWS.column("key")), c),
            DuplicateColumnError,
            "batch of rows: expected each name once, got key",
        ),
        (lambda c: decode_rows(ROWS, c), CodecMismatchError, "no rows of features"),
        (
            lambda c: decode_rows(
                pa.record_batch({"latent": [[1.0]], "ae:missing": pa.nulls(1, pa.binary())}), c
            ),
            CorruptFragmentError,
            "latents are not 2 numbers in every row",
        ),
    ],
)
def test_bad_input_is_named(
    call: Call, kind: type[AePipelineError], message: str, codec: str
) -> None:
    """Whatever cannot be done is one line of our error tree."""
    with pytest.raises(kind, match=message) as caught:
        call(codec)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["encode_rows", "decode_rows"])
def test_rows_of_another_kind_are_refused(name: str, codec: str) -> None:
    """What is not Arrow's is told how to become so; in a process that checks no annotations."""
    code = (
        f"from ae_pipeline import batches, AePipelineError\n"
        f"try: batches.{name}({{'left': [1]}}, {codec!r})\n"
        f"except AePipelineError as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "ConfigError rows are not Arrow's: expected a RecordBatch or a Table, got builtins.dict: "
        'ask for Arrow: mapInArrow of Spark, batch_format="pyarrow" of Ray\n'
    )


def test_rows_of_files_are_read_by_the_verb(source: Path, features: Path, tmp_path: Path) -> None:
    """Rows that were encoded here and written as Parquet are rows of features again."""
    rows = read_table(source / f"{PARTITIONS[2]}/part-0.parquet")
    pq.write_table(encode_rows(rows, str(features)), tmp_path / "rows.parquet")
    back = decode_rows(read_table(tmp_path / "rows.parquet"), str(features))
    assert back.schema.equals(rows.schema, check_metadata=True)
