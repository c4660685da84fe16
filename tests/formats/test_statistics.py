"""Bounds in footers: they hold for every decoded value, they are small, and damage is found."""

from __future__ import annotations

import base64
import datetime
import math
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ae_pipeline.coding import Promise
from ae_pipeline.coding.varint import varint
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.formats import open_format
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.column_bounds import MOST_TEXT_BYTES, ColumnBounds, bounds_of
from ae_pipeline.formats.statistics import StatisticsWriter, read_statistics
from ae_pipeline.storage import read_footer
from ae_pipeline.verbs import encode

EXACT = Promise()
INTEGRAL = (
    (pa.int8(), st.integers(-128, 127)),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.date32(), st.integers(-(2**20), 2**20)),
    (pa.timestamp("us"), st.integers(-(2**55), 2**55)),
    (pa.time32("s"), st.integers(0, 86_399)),
    (pa.duration("ns"), st.integers(-(2**63), 2**63 - 1)),
)


def written(array: pa.Array, promise: Promise = EXACT, block_bytes: int = 1 << 20) -> ColumnBounds:
    """The bounds of one column, written and read; without any, those of nothing."""
    schema = pa.schema([("pad", pa.int8()), ("x", array.type)])
    writer = StatisticsWriter(schema, {"x": promise})
    pad = pa.nulls(len(array), pa.int8())
    writer.add(pa.RecordBatch.from_arrays([pad, array], schema=schema), block_bytes)
    (found,) = read_statistics(writer.to_text(), schema, 1)
    return found.get("x", ColumnBounds(-1))


@given(st.data())
def test_integers_lie_between_their_bounds(data: st.DataObject) -> None:
    """Bounds of integers and times are their least and largest; huge ones have none."""
    kind, values = data.draw(st.sampled_from(INTEGRAL))
    own = data.draw(st.lists(values | st.none(), min_size=1, max_size=20))
    width = pa.int32() if kind.bit_width == 32 else pa.int64()
    raw = pa.array(own, kind if pa.types.is_integer(kind) else width)
    found = written(raw if raw.type == kind else raw.cast(kind))
    present = [value for value in own if value is not None]
    if any(not -(2**62) <= value < 2**62 for value in present):
        assert found == ColumnBounds(-1)
    elif present:
        assert found == ColumnBounds(own.count(None), min(present), max(present))
    else:
        assert found == ColumnBounds(len(own))


@example(pa.float16(), [math.inf], Promise(digits=3))
@example(pa.float64(), [-math.inf, 1.0], Promise(digits=3))
@given(
    st.sampled_from([pa.float16(), pa.float32(), pa.float64()]),
    st.lists(st.floats(width=16) | st.none(), min_size=1, max_size=20),
    st.sampled_from([EXACT, Promise(absolute=0.3), Promise(relative=0.01), Promise(digits=3)]),
)
def test_floats_lie_between_their_bounds(
    kind: pa.DataType, values: list[float | None], promise: Promise
) -> None:
    """Bounds of floats hold for whatever the promise allows; NaN are not among them."""
    own = np.array([np.nan if value is None else value for value in values], np.float16)
    array = pa.array(own, pa.float16(), mask=np.array([value is None for value in values]))
    array = array if kind == pa.float16() else array.cast(kind)
    found = written(array, promise)
    numbers = np.asarray(array.drop_null().to_numpy(zero_copy_only=False))
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        assert found in (ColumnBounds(-1), ColumnBounds(len(values)))
        return
    errors = np.where(np.isfinite(numbers), promise.allowed(numbers), 0)
    assert isinstance(found.minimum, float)
    assert isinstance(found.maximum, float)
    assert np.all(numbers.astype(np.float64) - errors >= found.minimum)
    assert np.all(numbers.astype(np.float64) + errors <= found.maximum)
    assert found.n_nulls == array.null_count


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_float_bounds_are_near(one: float, other: float) -> None:
    """What rounding adds to bounds is at most a part in 2,048 of each."""
    low, high = min(one, other), max(one, other)
    found = written(pa.array([one, other]))
    assert isinstance(found.minimum, float)
    assert isinstance(found.maximum, float)
    for end, bound in ((low, found.minimum), (high, found.maximum)):
        if 1e-300 < abs(end) < 1e300:
            assert abs(bound - end) <= abs(end) / 2048


@given(
    st.sampled_from(
        [pa.string(), pa.binary(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]
    ),
    st.lists(st.text(max_size=24) | st.none(), min_size=1, max_size=90),
)
def test_texts_lie_between_their_bounds(kind: pa.DataType, values: list[str | None]) -> None:
    """Text lies between its bounds byte by byte, and a set of words is the set of all values."""
    own = [None if value is None else value.encode("utf-8", "surrogatepass") for value in values]
    array = pa.array(own, pa.binary())
    if kind != pa.binary():
        own = [None if text is None else text.decode("utf-8", "replace").encode() for text in own]
        array = pa.array(own, pa.binary()).cast(pa.string())
    array = array.dictionary_encode() if pa.types.is_dictionary(kind) else array.cast(kind)
    found = written(array)
    present = {text for text in own if text is not None}
    if not present:
        assert found == ColumnBounds(len(own))
        return
    assert isinstance(found.minimum, bytes)
    assert isinstance(found.maximum, bytes)
    assert all(found.minimum <= text <= found.maximum for text in present)
    assert found.n_nulls == own.count(None)
    if len(present) <= 64 and max(map(len, present)) <= MOST_TEXT_BYTES:
        assert set(found.values) == present
    else:
        assert found.values == ()


def test_what_has_no_end_has_no_bounds() -> None:
    """Text of highest bytes has no short upper bound, and lists have no order."""
    assert bounds_of(pa.array([b"\xff" * 40]), EXACT) is None
    assert bounds_of(pa.array([[1], [2]]), EXACT) is None
    assert bounds_of(pa.array([], pa.int64()), EXACT) is None
    assert bounds_of(pa.array([True, None]), EXACT) is None
    interval = pa.array([pa.MonthDayNano([1, 2, 3])])
    assert bounds_of(interval, EXACT) is None
    assert bounds_of(pa.array([np.nan]), EXACT) is None


def test_few_rows_pay_little() -> None:
    """A small block has at most about a hundred bytes of bounds, however many columns it has."""
    names = [f"c{number}" for number in range(300)]
    columns = [pa.array([f"value {n}" for n in range(50)]) for _ in names]
    records = pa.RecordBatch.from_arrays(columns, names=names)
    writer = StatisticsWriter(records.schema, dict.fromkeys(names, EXACT))
    writer.add(records, 1000)
    assert 0 < len(writer.to_text()) < 100
    assert read_statistics("", records.schema, 3) == [{}, {}, {}]


def test_integers_with_a_tolerance_are_that_much_wider() -> None:
    """Bounds of an integer feature hold for what its promise allows."""
    assert written(pa.array([3, 9]), Promise(absolute=1.5)) == ColumnBounds(0, 1, 11)


SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.string()), ("c", pa.float64())])


def forged(content: bytes) -> str:
    """Bounds as a footer has them, of any content."""
    stream = zlib.compressobj(wbits=-15)
    return base64.b64encode(stream.compress(content) + stream.flush()).decode()


NAN = b"\x7f\xf8\x00"


@pytest.mark.parametrize(
    "text",
    [
        "not base64",
        base64.b64encode(b"\xff\xff").decode(),
        forged(b""),
        forged(b"\x00\x00"),
        forged(bytes([1, 3, 0])),  # a column that is not there
        forged(bytes([1, 0, 2]) + bytes(6)),  # floats of an integer
        forged(bytes([1, 0, 5])),  # no such kind
        forged(bytes([1, 1, 4, 0])),  # no words
        forged(bytes([1, 1, 4, 2, 1, 98, 1, 97])),  # words that descend
        forged(bytes([1, 1, 3, 1, 98, 1, 97])),  # bounds that descend
        forged(bytes([1, 1, 3, 1, 97, 17]) + bytes(17)),  # text that is too long
        forged(bytes([1, 2, 2]) + NAN + NAN),
        forged(bytes([1, 0, 1]) + varint((1 << 63) - 2) + varint((1 << 63) - 1)),
        forged(bytes(1 << 25)),
    ],
)
def test_damage_is_a_value_error(text: str) -> None:
    """Whatever a writer does not write is refused, in bounded memory."""
    with pytest.raises(ValueError, match=r"bounds|words|set|text|end|base64|padding|data"):
        read_statistics(text, SCHEMA, 1)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Content of any kind gives bounds in order or a ValueError."""
    try:
        (found,) = read_statistics(forged(content), SCHEMA, 1)
    except ValueError:
        return
    assert set(found) <= set(SCHEMA.names)


def archive_of(table: pa.Table, folder: Path) -> tuple[Path, ArchiveFormat]:
    """An archive of one file, everything coded, and its format."""
    pq.write_table(table, folder / "source.parquet", row_group_size=100)
    encode(
        EncodeJob(
            source=str(folder / "source.parquet"),
            archive=str(folder / "archive"),
            planner={"learn": "never", "budget_s": 1},
            columns={"code": "all"},
        )
    )
    (codec,) = (folder / "archive/_ae/codecs").iterdir()
    format = open_format(codec)
    assert isinstance(format, ArchiveFormat)
    return folder / "archive/source.parquet", format


def test_an_archive_has_bounds_of_what_it_decodes_to(tmp_path: Path) -> None:
    """The footer of a fragment bounds its coded columns; a damaged key is a damaged fragment."""
    random = np.random.default_rng(0)
    day = datetime.date(2024, 1, 1)
    table = pa.table(
        {
            "fare": np.round(random.gamma(3, 4, 300), 2),
            "zone": [f"zone {n}" for n in random.integers(0, 4, 300)],
            "day": [day + datetime.timedelta(int(n)) for n in random.integers(0, 90, 300)],
            "n": pa.array(random.integers(0, 1000, 300), pa.int64(), mask=random.random(300) < 0.1),
        }
    )
    path, format = archive_of(table, tmp_path)
    metadata = pq.read_metadata(path)
    footer = read_footer(metadata, path.name)
    assert footer is not None
    (found,) = format.statistics(metadata, footer, path.name)
    assert found["zone"].values == tuple(sorted(f"zone {n}".encode() for n in range(4)))
    ends = pc.min_max(table["n"]).as_py()
    assert found["n"] == ColumnBounds(table["n"].null_count, ends["min"], ends["max"])
    epoch = datetime.date(1970, 1, 1)
    assert found["day"].minimum == (pc.min(table["day"]).as_py() - epoch).days
    fare = found["fare"]
    assert isinstance(fare.minimum, float)
    assert fare.minimum < pc.min(table["fare"]).as_py()
    broken = type(footer)(**{**vars(footer), "statistics": footer.statistics[:-8]})
    with pytest.raises(CorruptFragmentError, match="footer is damaged"):
        format.statistics(metadata, broken, path.name)
