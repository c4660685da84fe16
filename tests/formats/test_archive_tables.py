"""Whole tables through an archive on disk: every value, every kept bit, and what verify finds."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import IntegerDecoder
from ae_pipeline.columns import Standardization, TableSchema, resolve_tolerances
from ae_pipeline.config.job import DecodeJob, JobConfig
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.dataset import discover, fingerprint, list_row_groups
from ae_pipeline.fitting.prepare import measure_source
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.results.progress import silent
from ae_pipeline.storage import Footer, read_footer
from ae_pipeline.verbs import decode
from tests.support.codec.drawn import random_network
from tests.support.data.tables import FLOATS, INTEGERS
from tests.support.jobs.round_trips import (
    PART,
    Paths,
    assert_round_trip,
    codec_for,
    read_whole,
    run_encode,
    run_verify,
    write_source,
)
from tests.support.strategies.tables import Sample, samples
from tests.support.values import bits, raw_values

#: Exact, finer than floats, about as fine as float32, coarser than integers, beyond int64's end.
TOLERANCES = [0.0, 1e-12, 3e-6, 0.01, 1.0, 2.6, 1e12, 3e12]
WINDOWS = [1, 2, 3, 8]


# Round trips


# Measuring errors widens signalling NaN, of which numpy warns.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    samples(),
    st.lists(st.sampled_from(TOLERANCES), min_size=6, max_size=6),
    st.none() | st.integers(0, 2**32 - 1),
    st.sampled_from(WINDOWS),
)
def test_any_table(
    tmp_path_factory: pytest.TempPathFactory,
    sample: Sample,
    tolerances: list[float],
    seed: int | None,
    window: int,
) -> None:
    """Whatever a table holds and however it is cut, every column keeps its promise on disk."""
    with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as folder:
        paths = Paths(Path(folder))
        arrow = write_source(
            paths, sample.table, sample.row_group_size, use_dictionary=sample.use_dictionary
        )
        chosen = tolerances[: len(sample.features)]
        assert_round_trip(paths, codec_for(arrow, sample.features, chosen, seed, window))


def ramps(n_rows: int, n_columns: int, seed: int = 0) -> pa.Table:
    """Columns of smooth floats, with NaN and nulls in the first."""
    values = np.random.default_rng(seed).normal(size=(n_columns, n_rows)).cumsum(axis=1)
    values[0, 3::17] = np.nan
    columns = {f"c{number}": pa.array(column) for number, column in enumerate(values)}
    columns["c0"] = pa.array(values[0], mask=np.arange(n_rows) % 11 == 5)
    return pa.table(columns)


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "row_group_size"),
    [(40, 500, 40), (1, 1, 1), (0, 1, 1), (1, 3, 1), (200, 3, 1), (300, 1, 7)],
    ids=["500 columns", "one value", "no rows", "one row", "row groups of one", "one column"],
)
@pytest.mark.parametrize("window", [None, 1, 8])
def test_shapes(
    tmp_path: Path, n_rows: int, n_columns: int, row_group_size: int, window: int | None
) -> None:
    """Tables that are wide, tall, tiny or cut into single rows keep their promise."""
    paths, table = Paths(tmp_path), ramps(n_rows, n_columns)
    arrow = write_source(paths, table, row_group_size)
    seed = None if window is None else 1
    assert_round_trip(paths, codec_for(arrow, table.column_names, 0.01, seed, window or 1))


@pytest.mark.parametrize("window", [1, 3])
def test_blocks_across_row_groups(tmp_path: Path, window: int) -> None:
    """Blocks have their own size: rows of the source's row groups are joined and cut anew."""
    paths = Paths(tmp_path)
    kept = {f"kept {number}": pa.nulls(9000, pa.bool_()) for number in range(1024)}
    words = pa.array([["a"], ["b"], None] * 3000, pa.list_(pa.dictionary(pa.int32(), pa.string())))
    table = pa.table({"value": np.arange(9000.0) % 97, "words": words, **kept})
    arrow = write_source(paths, table, 2999)
    codec = codec_for(arrow, ["value"], 0.5, 2, window)
    assert codec.block_rows == 4096
    assert_round_trip(paths, codec)
    metadata = pq.read_metadata(paths.archive / PART)
    sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert sizes == [4096, 4096, 808]


def test_dictionaries_of_many_row_groups(tmp_path: Path) -> None:
    """Words of nested dictionaries that differ from row group to row group stay in their rows."""
    paths = Paths(tmp_path)
    words = pa.list_(pa.dictionary(pa.int32(), pa.string()))
    column = pa.array([[f"w{row}", None, f"w{row % 7}"] for row in range(200)], words)
    table = pa.table({"value": np.arange(200.0), "words": column})
    arrow = write_source(paths, table, 9, use_dictionary=True)
    assert_round_trip(paths, codec_for(arrow, ["value"], 1.0))


def test_names_that_look_like_paths(tmp_path: Path) -> None:
    """Columns whose names are Parquet's paths into other columns are columns like any other."""
    paths, half = Paths(tmp_path), np.arange(20, dtype=np.float16)
    table = pa.table(
        {
            "a": pa.array([{"b": np.nan}] * 20),
            "a.b": ["word"] * 20,
            "x": pa.array([[1.0, -0.0]] * 20, pa.list_(pa.float64(), 2)),
            "x.list.element": np.arange(20.0),
            "y": pa.array([[1.0, -0.0]] * 20, pa.list_(pa.float32(), 2)),
            "y.list.element": [b"bytes"] * 20,
            "": pa.array(half, pa.float16()),
        }
    )
    arrow = write_source(paths, table)
    assert_round_trip(paths, codec_for(arrow, ["x.list.element", ""], 0.5))


def test_signalling_nan(tmp_path: Path) -> None:
    """A NaN that traps is a NaN like any other, payload and all."""
    paths = Paths(tmp_path)
    patterns = np.array([0x7F800001, 0xFFBFFFFF, 0x7FC00000, 0x3F800000] * 9, np.uint32)
    arrow = write_source(paths, pa.table({"value": patterns.view(np.float32)}))
    run_encode(paths, codec_for(arrow, ["value"], 0.01))
    decode(DecodeJob(archive=str(paths.archive), decoded=str(paths.decoded)))
    got = read_whole(paths.decoded / PART)["value"].combine_chunks()
    np.testing.assert_array_equal(bits(raw_values(got)), patterns)


def repeating_network(n_columns: int, window: int) -> ArchiveNetwork:
    """The code is the first value of a window, and predicts all of its values."""
    n_inputs = n_columns * window
    network = random_network(np.random.default_rng(0), n_columns + 1, 1, 1, window)
    encoder = {name: np.zeros_like(array) for name, array in network.encoder.items()}
    encoder["encoder/skip/kernel"][0, 0] = 1
    decoder = IntegerDecoder(
        hidden_weights=np.zeros((1, 1), np.int8),
        hidden_shift=np.zeros(1, np.int8),
        hidden_bias=np.zeros(1, np.float32),
        output_weights=np.zeros((1, n_inputs), np.int8),
        output_shift=np.zeros(n_inputs, np.int8),
        skip_weights=np.ones((1, n_inputs), np.int16),
        skip_shift=np.zeros(n_inputs, np.int8),
        output_bias=np.zeros(n_inputs, np.float32),
    )
    step, inputs = (
        np.ones(1, np.float32),
        Standardization(np.zeros(n_columns), np.ones(n_columns), 1e3),
    )
    return replace(
        network, standardization=inputs, encoder=encoder, code_step=step, decoder=decoder
    )


@pytest.mark.parametrize("window", WINDOWS)
def test_network_that_pays(tmp_path: Path, window: int) -> None:
    """Corrections of windows that do not divide the rows come back in their rows."""
    paths, n_rows = Paths(tmp_path), 1003
    repeated = np.random.default_rng(0).integers(-99, 99, n_rows).repeat(window)[:n_rows] + 0.25
    nulls, holes = np.arange(n_rows) % 5 == 2, np.where(np.arange(n_rows) % 7, repeated, np.nan)
    table = pa.table({"a": repeated, "b": pa.array(repeated, mask=nulls), "c": holes})
    arrow = write_source(paths, table, 100)
    codec = replace(codec_for(arrow, "abc", 0.5), network=repeating_network(3, window))
    assert_round_trip(paths, codec)
    footer = read_footer(pq.read_metadata(paths.archive / PART), PART)
    assert footer is not None
    assert (footer.ledger or {})["codes"] > 0


def test_ends_of_types(tmp_path: Path) -> None:
    """Where the grid's next point lies beyond a type, the value within it is found."""
    paths, columns, tolerances = Paths(tmp_path), {}, []
    for kind in (*FLOATS, *INTEGERS):
        dtype = np.dtype(kind.to_pandas_dtype())
        limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        values = np.array([limits.max, limits.min, 1] * 5, dtype)
        columns[str(kind)] = pa.array(values, kind)
        tolerances.append(0.3 * float(limits.max))
    arrow = write_source(paths, pa.table(columns))
    assert_round_trip(paths, codec_for(arrow, list(columns), tolerances))


def test_grids_between_values(tmp_path: Path) -> None:
    """Where rounding to the type adds to the error of the grid, the promise still holds."""
    paths, steps = Paths(tmp_path), np.arange(250)
    columns = {
        "count": steps.astype(np.uint8),
        "large": (steps + 2**52).astype(np.int64),
        "float": (1 + steps / 7).astype(np.float32),
        "half": (1 + steps / 7).astype(np.float16),
    }
    arrow = write_source(paths, pa.table(columns))
    assert_round_trip(paths, codec_for(arrow, list(columns), [2.6, 7.9, 1.3e-6, 0.007]))


# Tolerances from settings


WILD = {
    "outlier": [1.0] * 99 + [1e30],
    "infinite": [np.inf, -np.inf, np.nan] * 33 + [1.0],
    "wide": np.linspace(-1, 1, 100) * 1e308,
    "exact_pi": np.linspace(0, np.pi, 100),
    "fine": np.linspace(-1, 1, 100),
    "constant": np.full(100, 0.1),
    "nothing": pa.nulls(100, pa.float64()),
    "count": np.arange(100, dtype=np.int32),
}
RULES = [
    {"match": "o*", "kind": "range", "value": 1e-3},
    {"match": "infinite", "kind": "std", "value": 0.1},
    {"match": "[cf]*", "kind": "absolute", "value": 1.5},
    {"match": "fine", "kind": "std", "value": 0.25},
    {"match": "exact_*", "kind": "exact"},
]


def test_tolerances_from_settings(tmp_path: Path) -> None:
    """Every kind of rule holds on columns of outliers, infinities, no range and no values."""
    paths = Paths(tmp_path)
    arrow = write_source(paths, pa.table(WILD), 30)
    schema = TableSchema(arrow, tuple(WILD))
    source = discover(paths.source)
    groups = list_row_groups(source.fragments)
    statistics, *_ = measure_source(groups, schema, None, JobConfig(), source, silent)
    config = ToleranceConfig.model_validate({"relative": 0.01, "rules": RULES})
    found = resolve_tolerances(config, schema, statistics)
    tolerance = [quantizer.promise.absolute for quantizer in found]
    expected = [1e27, 0, 0, 0, 0.25 * np.std(WILD["fine"]), 1.5, 0, 1.5]
    np.testing.assert_allclose(tolerance, expected, rtol=1e-12)
    assert_round_trip(paths, codec_for(arrow, schema.features, tolerance, 0, 3))


# What verify must find


def forge(paths: Paths, codec: ArchiveCodec, spoiled: pa.Table) -> None:
    """Put an archive of other values in the place of the source's, as if it were its own."""
    run_encode(paths, codec)
    write_source(Paths(paths.root / "other"), spoiled)
    (theirs,) = discover(paths.source).fragments
    (ours,) = discover(paths.root / "other" / "source").fragments
    footer = Footer("archive", codec.id, fingerprint(theirs), theirs.size_bytes, {})
    ArchiveFormat(codec).write(ours, paths.archive / PART, footer, codec.schema.arrow)


def changed(column: pa.Array, row: int, value: object) -> pa.Array:
    """The column with one other value."""
    return pa.concat_arrays([column[:row], pa.array([value], column.type), column[row + 1 :]])


def victim() -> pa.Table:
    """Values on the grid of tolerance 0.5, so that encoding alone moves none of them."""
    values = np.arange(100.0)
    values[7] = np.nan
    return pa.table(
        {
            "value": values,
            "count": pa.array(range(100), pa.int64()),
            "exact": values,
            "holes": pa.array(values, mask=np.arange(100) % 10 == 0),
            "word": pa.array([f"w{row}" for row in range(100)]).dictionary_encode(),
            "kept": pa.array([[1.0, np.nan]] * 100),
        }
    )


DAMAGE: dict[str, tuple[str, object]] = {
    "more than the tolerance": ("value", 50 + 1.01 * 0.5),
    "less than minus the tolerance": ("value", 50 - 1.01 * 0.5),
    "null": ("value", None),
    "no null": ("holes", 50.0),
    "NaN": ("value", np.nan),
    "infinity": ("value", np.inf),
    "integer": ("count", 52),
    "one bit": ("exact", np.nextafter(50, 51)),
    "kept word": ("word", "w51"),
    "kept list": ("kept", [1.0, 2.0]),
    "kept null": ("kept", None),
}


@pytest.mark.parametrize(("name", "value"), DAMAGE.values(), ids=DAMAGE)
def test_verify_names_what_is_off(tmp_path: Path, name: str, value: object) -> None:
    """One value that broke its promise fails, with fragment and column."""
    paths, table = Paths(tmp_path), victim()
    arrow = write_source(paths, table)
    codec = codec_for(arrow, ["value", "count", "exact", "holes"], [0.5, 1.0, 0.0, 0.5])
    column = changed(table[name].combine_chunks(), 50, value)
    forge(paths, codec, table.set_column(table.column_names.index(name), name, column))
    (failure,) = run_verify(paths).failures
    assert failure.relative == PART
    assert f"{PART}, column {name}:" in failure.message


@pytest.mark.parametrize("distance", [-0.99, 0.0, 0.99])
def test_verify_passes_what_is_within(tmp_path: Path, distance: float) -> None:
    """A value that moved by less than its tolerance is no failure, and is in the report."""
    paths, table = Paths(tmp_path), victim()
    arrow = write_source(paths, table)
    codec = codec_for(arrow, ["value", "count"], [0.5, 1.0])
    values = pa.array(table["value"].to_numpy() + 0.5 * distance)
    forge(paths, codec, table.set_column(0, "value", values))
    assert run_verify(paths).failures == ()
