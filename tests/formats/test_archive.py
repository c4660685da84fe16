"""Archives on disk: the promise, other readers, damage, a reader from the format alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, load_archive_codec
from ae_pipeline.coding import ColumnStreams, Method, read_block
from ae_pipeline.config.job import DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.formats.block_records import BLOCK_COLUMN
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.verbs import decode, encode, inspect, verify
from tests.support.data.datasets import N_ROWS, PARTITIONS, read_table, write_tree
from tests.support.format_reader.footer import read_keys
from tests.support.format_reader.fragment import read_fragment, read_schema

FEATURES = ("alpha", "beta", "gamma", "flat", "empty")
FAST = {"training": {"max_steps": 300}}


def run_encode(source: Path, archive: Path, relative: float, **settings: object) -> DatasetReport:
    """Encode at a tolerance relative to each column's range."""
    job = {"tolerance": ToleranceConfig(relative=relative), **FAST, **settings}
    return encode(EncodeJob(source=str(source), archive=str(archive), **job))


def run_verify(archive: Path, source: Path | None = None) -> DatasetReport:
    """Verify, against the source if there is one."""
    against = None if source is None else str(source)
    return verify(VerifyJob(archive=str(archive), source=against))


@pytest.fixture(scope="module")
def archive(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive at 1 %; nobody may change it."""
    destination = tmp_path_factory.mktemp("archive") / "mixed"
    run_encode(source, destination, 0.01)
    return destination


@pytest.fixture(scope="module")
def readable(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with all columns that are not features as plain Parquet."""
    destination = tmp_path_factory.mktemp("readable") / "mixed"
    run_encode(source, destination, 0.01, columns={"code": "features"})
    return destination


def test_verify_passes(source: Path, archive: Path) -> None:
    """A fresh archive verifies, alone and against its source."""
    assert run_verify(archive).failures == ()
    report = run_verify(archive, source)
    assert report.failures == ()
    assert report.total.n_rows == N_ROWS * len(PARTITIONS)


def test_decoded_tables_keep_the_promise(source: Path, archive: Path, tmp_path: Path) -> None:
    """Schema, order, kept columns and missing values are exact; the rest is within tolerance."""
    decode(DecodeJob(archive=str(archive), decoded=str(tmp_path / "out")))
    tolerances = {column.name: column.role for column in inspect(str(archive)).columns}
    for partition in PARTITIONS:
        got = read_table(tmp_path / "out" / partition / "part-0.parquet")
        expected = read_table(source / partition / "part-0.parquet")
        assert got.schema.equals(expected.schema, check_metadata=True)
        kept = [name for name in expected.column_names if name not in FEATURES]
        assert got.select(kept).equals(expected.select(kept))
        for name in ("alpha", "beta", "gamma"):
            ours, theirs = (np.array(t[name].to_pylist(), float) for t in (got, expected))
            is_finite = np.isfinite(theirs)
            assert got[name].is_null().equals(expected[name].is_null())
            np.testing.assert_array_equal(ours[~is_finite], theirs[~is_finite])
            promised = float(tolerances[name].removeprefix("within "))
            assert np.abs(ours[is_finite] - theirs[is_finite]).max() <= promised * 1.001


def test_zero_tolerance_is_bit_for_bit(source: Path, tmp_path: Path) -> None:
    """Tolerance 0 restores every bit."""
    run_encode(source, tmp_path / "a", 0.0)
    assert run_verify(tmp_path / "a", source).failures == ()
    decode(DecodeJob(archive=str(tmp_path / "a"), decoded=str(tmp_path / "out")))
    got = read_table(tmp_path / "out/day=1/part-0.parquet")
    expected = read_table(source / "day=1/part-0.parquet")
    for name in FEATURES:
        ours, theirs = got[name].combine_chunks(), expected[name].combine_chunks()
        assert ours.is_null().equals(theirs.is_null())
        valid = theirs.is_valid().to_numpy(zero_copy_only=False)
        bits = [np.frombuffer(a.buffers()[1], f"u{a.type.bit_width // 8}") for a in (ours, theirs)]
        np.testing.assert_array_equal(bits[0][:N_ROWS][valid], bits[1][:N_ROWS][valid])


def test_other_readers_see_kept_columns(source: Path, readable: Path) -> None:
    """DuckDB, Polars and pyarrow count the rows and filter on kept columns."""
    pattern = f"{readable}/**/*.parquet"
    query = f"select count(*), sum(key) from read_parquet('{pattern}') where key >= 100"  # noqa: S608
    expected = 3 * (N_ROWS - 100), 3 * sum(range(100, N_ROWS))
    assert duckdb.sql(query).fetchall() == [expected]
    path = readable / "day=1/part-0.parquet"
    frame = polars.read_parquet(path, columns=["key", "name"], hive_partitioning=False)
    assert frame.filter(polars.col("key") < 5).height == 5
    assert pq.read_metadata(path).num_rows == N_ROWS


def test_other_readers_see_the_same_kept_columns(source: Path, readable: Path) -> None:
    """Kept columns have the types and values of the source for DuckDB and Polars, too."""
    kept = ["key", "name", "count", "at", "price", "tags", "ok"]
    for partition in PARTITIONS:
        paths = [root / partition / "part-0.parquet" for root in (source, readable)]
        theirs, ours = (
            duckdb.read_parquet(str(path), hive_partitioning=False).select(*kept) for path in paths
        )
        assert (ours.columns, ours.types) == (theirs.columns, theirs.types)
        assert ours.fetchall() == theirs.fetchall() != []
        frames = [
            polars.read_parquet(path, columns=kept, hive_partitioning=False) for path in paths
        ]
        assert frames[0].schema == frames[1].schema
        assert frames[0].equals(frames[1])


def test_reader_from_the_format_alone(source: Path, archive: Path, tmp_path: Path) -> None:
    """Code that knows docs/format.md, numpy, pyarrow and pcodec alone reads the same values."""
    decode(DecodeJob(archive=str(archive), decoded=str(tmp_path / "out")))
    for partition in PARTITIONS:
        relative = f"{partition}/part-0.parquet"
        ours = read_table(tmp_path / "out" / relative)
        for name, column in read_fragment(archive, relative).items():
            assert column.equals(ours[name].combine_chunks()) or (
                repr(column.to_pylist()) == repr(ours[name].to_pylist())
            )


def test_ledger_counts_every_byte(archive: Path) -> None:
    """The parts of the ledger add up to the blocks, and ratios count the model."""
    sizes = inspect(str(archive)).bytes
    assert sizes is not None
    blocks = [
        pq.ParquetFile(path).read(columns=[BLOCK_COLUMN])[BLOCK_COLUMN].drop_null().to_pylist()
        for path in archive.rglob("*.parquet")
    ]
    assert sizes.payload_bytes == sum(len(block) for part in blocks for block in part)
    assert sizes.ratios.raw >= sizes.ratios.raw_with_model


def test_small_fragments_stay_small(tmp_path: Path) -> None:
    """Beyond payload and kept columns a fragment costs at most 4 KB and 40 bytes per column."""
    noise = np.random.default_rng(0).normal(size=(20, 50))
    table = pa.table({f"c{i}": column for i, column in enumerate(noise)})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    report = run_encode(source, tmp_path / "archive", 0.01)
    overhead = report.total.encoded_bytes - sum(report.total.ledger.values())
    assert overhead <= 4096 + 40 * len(table.column_names)


def pandas_like(n_rows: int, n_columns: int) -> pa.Table:
    """Floats with the metadata that pandas writes, in which the number of rows stands."""
    columns = {f"sensor {n}": np.arange(n_rows) * (n + 1) / 4 for n in range(n_columns)}
    kinds = {"field_name": "", "pandas_type": "float64", "numpy_type": "float64", "metadata": None}
    described = [{"name": name, **kinds, "field_name": name} for name in columns]
    index = [{"kind": "range", "name": None, "start": 0, "stop": n_rows, "step": 1}]
    pandas = json.dumps({"index_columns": index, "column_indexes": [], "columns": described})
    return pa.table(columns).replace_schema_metadata({"pandas": pandas})


@pytest.mark.parametrize("kind", ["archive", "features"])
def test_small_fragments_of_other_metadata(tmp_path: Path, kind: str) -> None:
    """So it is where the schema's metadata is another in every file, and decoding restores it."""
    n_columns, destination = 150, tmp_path / "encoded"
    tables = {f"part-{n}.parquet": pandas_like(10 + n, n_columns) for n in range(2)}
    source = write_tree(tmp_path / "source", tables)
    settings = {kind: str(destination), "planner": {"learn": "never"}}
    report = encode(EncodeJob(source=str(source), training={"max_steps": 1}, **settings))
    for fragment in report.fragments:
        overhead = fragment.encoded_bytes - fragment.payload_bytes - fragment.kept_bytes
        assert overhead <= 4096 + 40 * n_columns
    for relative in tables:
        theirs = pq.ParquetFile(source / relative).schema_arrow
        assert read_schema(destination, relative).equals(theirs, check_metadata=True)
    decode(DecodeJob(**{kind: str(destination)}, source=str(source), decoded=str(tmp_path / "out")))
    assert read_table(tmp_path / "out/part-1.parquet").schema.equals(
        read_table(source / "part-1.parquet").schema, check_metadata=True
    )


def test_footer_tells_the_bytes_of_streams(archive: Path) -> None:
    """`ae:bytes` is the lengths of the streams that the blocks hold, and what is left of them."""
    (folder,) = (archive / "_ae/codecs").iterdir()
    codec = load_archive_codec(folder)
    latent_dim = 0 if codec.network is None else codec.network.decoder.latent_dim
    sizes = () if codec.table is None else codec.table.n_subcolumns
    for path in archive.rglob("*.parquet"):
        file, counted = pq.ParquetFile(path), Counter[str]()
        for content in file.read(columns=[BLOCK_COLUMN])[BLOCK_COLUMN].drop_null().to_pylist():
            block = read_block(content, len(codec.columns), latent_dim, MOST_ROWS, sizes)
            streams = [*block.codes, *(stream for c in block.columns for stream in streams_of(c))]
            streams += [stream for one in block.mapped for stream in one.streams]
            counted["codes"] += sum(map(len, block.codes))
            for column in block.columns:
                counted[MAIN[column.method]] += len(column.main)
                counted["validity"] += len(column.validity)
                counted["exact"] += len(column.positions) + len(column.exact)
            for one in block.mapped:
                counted["beside"] += len(one.side)
                for stream in one.substreams:
                    counted["table" if stream.is_modelled else "integers"] += len(stream.content)
            counted["directory"] += len(content) - sum(map(len, streams))
        stored = json.loads(read_keys(file.metadata.metadata)["ae:bytes"])
        assert stored == {part: n_bytes for part, n_bytes in counted.items() if n_bytes}


MAIN = {
    Method.DIRECT: "direct",
    Method.NETWORK_RESIDUALS: "corrections",
    Method.LOSSLESS: "lossless",
    Method.LINEAR_RESIDUALS: "predicted",
    Method.LINEAR_CONTEXTS: "classed",
    Method.NETWORK_CONTEXTS: "corrections",
    Method.TABLE: "table",
    Method.MAPPED: "table",
    Method.SERIES: "series",
}


def streams_of(column: ColumnStreams) -> tuple[bytes, ...]:
    """All of a column."""
    return column.main, column.validity, column.positions, column.exact


def test_one_row_group_needs_no_other(tmp_path: Path) -> None:
    """A row group decodes although the bytes of all others are damaged."""
    n_rows = 2 * MOST_ROWS + 9
    table = pa.table({"x": np.arange(float(n_rows)) % 97, "key": np.arange(n_rows)})
    source = write_tree(tmp_path / "source", {"p.parquet": table}, row_group_size=n_rows)
    run_encode(source, tmp_path / "archive", 0.01, planner={"learn": "never"})
    path = tmp_path / "archive/p.parquet"
    metadata, content = pq.read_metadata(path), bytearray(path.read_bytes())
    for group in (0, 2):
        for number in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(number)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            content[start : start + chunk.total_compressed_size] = bytes(
                chunk.total_compressed_size
            )
    path.write_bytes(content)
    job = {"archive": str(tmp_path / "archive"), "decoded": str(tmp_path / "out")}
    report = decode(DecodeJob(**job, selection={"row_groups": [1]}))
    assert report.failures == ()
    got = read_table(tmp_path / "out/p.parquet")
    assert got["key"].equals(table["key"][MOST_ROWS : 2 * MOST_ROWS])
    whole = decode(DecodeJob(**job, execution={"force": True}))
    assert len(whole.failures) == 1


def test_rerun_and_stale(source: Path, own_archive: Path) -> None:
    """Encoding again writes nothing; a lost fragment alone is done again."""
    assert run_encode(source, own_archive, 0.01).n_written == 0
    (own_archive / "day=2/part-0.parquet").unlink()
    assert run_encode(source, own_archive, 0.01).n_written == 1


def test_wrong_value_is_found(source: Path, own_archive: Path) -> None:
    """Verify names the fragment whose values are not those of the source."""
    shutil.copy(own_archive / "day=1/part-0.parquet", own_archive / "day=2/part-0.parquet")
    report = run_verify(own_archive, source)
    assert [failure.relative for failure in report.failures] == ["day=2/part-0.parquet"]


@pytest.mark.parametrize("seed", range(3))
def test_damage_is_an_error_never_a_wrong_value(source: Path, own_archive: Path, seed: int) -> None:
    """Bytes flipped anywhere in a fragment end in a named failure or change nothing."""
    path = own_archive / "day=1/part-0.parquet"
    whole = path.read_bytes()
    generator = np.random.default_rng(seed)
    for position in generator.integers(0, len(whole), 40):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        report = run_verify(own_archive)
        names = {failure.relative for failure in report.failures}
        if not names:
            against = run_verify(own_archive, source)
            names = {failure.relative for failure in against.failures}
        assert names <= {"day=1/part-0.parquet"}


def test_truncated_archive_is_named(own_archive: Path) -> None:
    """A fragment that was cut short is named, the others verify."""
    path = own_archive / "day=1/part-0.parquet"
    path.write_bytes(path.read_bytes()[:-50])
    report = run_verify(own_archive)
    assert [failure.relative for failure in report.failures] == ["day=1/part-0.parquet"]


def test_another_tolerance_is_refused(source: Path, own_archive: Path) -> None:
    """An existing archive does not silently keep its tolerance when another one is asked for."""
    with pytest.raises(ConfigError, match="tolerance"):
        run_encode(source, own_archive, 0.001)


def test_the_usual_value_comes_back_whatever_is_learned(tmp_path: Path) -> None:
    """Zeros of a rain gauge are zeros again, although a network predicts what is beside them."""
    generator = np.random.default_rng(0)
    wave = np.sin(np.arange(4000.0) / 50)
    rain = np.where(generator.random(4000) < 0.8, 0.0, 3 * wave + generator.exponential(1, 4000))
    noise = generator.normal(0, 0.01, (3, 4000))
    columns = {f"wave{n}": (n + 1) * wave + noise[n] for n in range(3)}
    (tmp_path / "source").mkdir()
    pq.write_table(pa.table({**columns, "rain": rain}), tmp_path / "source/p.parquet")
    archive, decoded = tmp_path / "archive", tmp_path / "decoded"
    job = {"source": str(tmp_path / "source"), "archive": str(archive)}
    assert encode(EncodeJob(**job, planner={"learn": "linear"})).failures == ()
    decode(DecodeJob(archive=str(archive), decoded=str(decoded)))
    got = pq.ParquetFile(decoded / "p.parquet").read()["rain"].to_numpy()
    assert (got[rain == 0] == 0).all()
