"""Golden datasets: what was written once is read by every later release, bit by bit."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, load_archive_codec
from ae_pipeline.codec.features import load_features_codec
from ae_pipeline.coding import (
    MODELLED_VALIDITY,
    BlockStreams,
    ColumnStreams,
    DecimalGrid,
    FloatingGrid,
    LinearGrid,
    Method,
    State,
    read_block,
)
from ae_pipeline.config.job import VerifyJob
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.block_records import BLOCK_COLUMN
from ae_pipeline.inputs import EXACT_COLUMN, lane_kinds, unpack_exact
from ae_pipeline.mapping import mapping_to_json
from ae_pipeline.mapping.record import _NESTED_READS, _READS
from ae_pipeline.mapping.scalar.rules import RULES
from ae_pipeline.mapping.strings.patterns import ALPHABETS
from ae_pipeline.storage import read_footer
from ae_pipeline.verbs import verify
from tests.support.codec.trees import has_json, read_codec_json
from tests.support.format_reader.features import read_features, to_column
from tests.support.format_reader.footer import read_keys
from tests.support.format_reader.fragment import read_fragment
from tests.support.golden.reading import (
    EXPECTED_FILE,
    GOLDEN,
    decode_case,
    describe,
    describe_column,
)
from tests.support.golden.writing import CASES, write_case

#: Whole tables that have every kind of mapping between them.
MAPPED = ("mappings", "wide")
#: What must be there. Cases are added and never taken away.
_FORMER = ("types", "network", "window", "predictor")
ARCHIVES = (
    *(f"archive-1.0/{name}" for name in _FORMER),
    *(f"archive-2.0/{name}" for name in (*_FORMER, "classes")),
    *(f"archive-3.0/{name}" for name in (*_FORMER, "classes", "grids")),
    *(f"archive-4.0/{name}" for name in (*_FORMER, "classes", "grids", "cells")),
    *(f"archive-5.0/{name}" for name in (*_FORMER, "classes", "grids", "cells", "levels")),
    *(f"archive-{version}/{name}" for version in ("4.0", "5.0") for name in MAPPED),
    "archive-5.0/vectors",
    "archive-5.0/series",
)
#: Features whose latents are rounded.
ROUNDED = tuple(f"features-5.0/{name}" for name in ("rounded", "int8"))
FEATURES = (
    *(f"features-{version}/bends" for version in ("1.0", "2.0", "3.0", "4.0", "5.0")),
    *ROUNDED,
    "features-5.0/kinds",
    "features-5.0/words",
)
#: About 250 KB for each format since 2.0; mappings of every kind are 75 KB, streams alone 40 KB.
MOST_BYTES = 1_750_000


def read_expected(name: str) -> dict[str, Any]:
    """What a case decodes to, fragment by fragment."""
    return json.loads((GOLDEN / name / EXPECTED_FILE).read_text(encoding="utf-8"))


def read_footers(name: str) -> list[dict[str, str]]:
    """Key-value metadata of every fragment."""
    paths = sorted((GOLDEN / name).rglob("*.parquet"))
    return [read_keys(pq.read_metadata(path).metadata) for path in paths]


def assert_decodes_to(expected: dict[str, Any], tables: dict[str, pa.Table]) -> None:
    """The same fragments, schemas with their metadata, and bits of every value."""
    assert sorted(tables) == sorted(expected)
    for relative, table in tables.items():
        wanted = expected[relative]
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(wanted["schema"])))
        assert _without_writer(table.schema).equals(_without_writer(schema), check_metadata=True)
        got = describe(table)
        assert got["n_rows"] == wanted["n_rows"]
        assert got["columns"] == wanted["columns"], relative


def _without_writer(schema: pa.Schema) -> pa.Schema:
    """Without the footer's keys that are about the file, and as IPC, which renames map entries."""
    schema = pa.ipc.read_schema(pa.py_buffer(schema.serialize()))
    kept = {key: value for key, value in (schema.metadata or {}).items() if key[:3] != b"ae:"}
    return schema.with_metadata(kept or None)


def blocks_of(name: str) -> Iterator[tuple[ArchiveCodec, BlockStreams]]:
    """Every block of an archive, taken apart."""
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    codec = load_archive_codec(folder)
    latent_dim = 0 if codec.network is None else codec.network.decoder.latent_dim
    sizes = () if codec.table is None else codec.table.n_subcolumns
    for path in (GOLDEN / name).rglob("*.parquet"):
        column = pq.ParquetFile(path).read(columns=[BLOCK_COLUMN])[BLOCK_COLUMN]
        for content in column.drop_null().to_pylist():
            yield (
                codec,
                read_block(
                    content, len(codec.columns), latent_dim, MOST_ROWS, sizes, codec.vector_lanes
                ),
            )


def columns_of(name: str) -> list[ColumnStreams]:
    """The streams of every column of every block."""
    return [column for _, block in blocks_of(name) for column in block.columns]


@pytest.mark.parametrize("name", ARCHIVES + FEATURES)
def test_golden_is_there(name: str) -> None:
    """A golden that is lost is a failure; nothing writes it again."""
    assert (GOLDEN / name / EXPECTED_FILE).is_file()
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    assert has_json(folder)


def test_every_golden_is_listed() -> None:
    """Folders and the tests' cases are the same, and those of former versions stay."""
    folders = {path.parent for path in GOLDEN.rglob(EXPECTED_FILE)}
    names = {str(folder.relative_to(GOLDEN)) for folder in folders}
    assert names == {*ARCHIVES, *FEATURES}
    assert set(CASES) <= names
    assert {name for name in names if f"-{FORMAT_VERSION}/" in name} <= set(CASES)


def test_goldens_stay_small() -> None:
    """All goldens together fit in 1.75 MB."""
    files = [path for path in GOLDEN.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES


@pytest.mark.parametrize("name", ARCHIVES)
def test_verify_passes(name: str) -> None:
    """Every checksum of an old archive holds."""
    report = verify(VerifyJob(archive=str(GOLDEN / name / "dataset")))
    assert report.failures == ()
    n_rows = sum(fragment["n_rows"] for fragment in read_expected(name).values())
    assert report.total.n_rows == n_rows


@pytest.mark.parametrize("name", ARCHIVES + FEATURES)
def test_decodes_to_the_same_bits(name: str, tmp_path: Path) -> None:
    """Today's code restores the values, nulls, NaN payloads and schemas that were written down."""
    assert_decodes_to(read_expected(name), decode_case(GOLDEN / name, tmp_path / "decoded"))


@pytest.mark.parametrize("name", ARCHIVES)
def test_reader_from_the_format_alone(name: str) -> None:
    """A reader that knows the format's text and none of our code reads the same bits."""
    for relative, fragment in read_expected(name).items():
        if not fragment["n_rows"]:
            continue  # no row group, no block
        found = read_fragment(GOLDEN / name / "dataset", relative)
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(fragment["schema"])))
        for column, values in found.items():
            assert describe_column(values) == fragment["columns"][column], (relative, column)
            assert values.type == schema.field(column).type, (relative, column)


@pytest.mark.parametrize("name", ARCHIVES + FEATURES)
def test_versions_are_those_of_the_folder(name: str) -> None:
    """Marker, codec and footers say the kind and the version that the folder is named by."""
    kind, version = name.split("/", maxsplit=1)[0].split("-")
    marker = json.loads((GOLDEN / name / "dataset/_ae/dataset.json").read_text())
    assert (marker["kind"], marker["format_version"]) == (kind, version)
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    assert read_codec_json(folder)["format_version"] == version
    for footer in read_footers(name):
        assert (footer["ae:kind"], footer["ae:format_version"]) == (kind, version)


@pytest.mark.parametrize("name", ARCHIVES + FEATURES)
def test_ids_are_those_of_the_content(name: str) -> None:
    """The content of an old codec hashes to its id, which folder, marker and footers name."""
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    codec = load_archive_codec(folder) if name in ARCHIVES else load_features_codec(folder)
    marker = json.loads((GOLDEN / name / "dataset/_ae/dataset.json").read_text())
    footers = {footer["ae:codec_id"] for footer in read_footers(name)}
    assert {codec.id} == {folder.name} == {marker["codec_id"]} == footers


def test_goldens_hold_every_kind_of_stream() -> None:
    """Between them the archives have each method and each tag of the format."""
    columns = [column for name in ARCHIVES for column in columns_of(name)]
    assert {column.method for column in columns} == set(Method)
    other = (Method.LINEAR_CONTEXTS, Method.NETWORK_CONTEXTS, Method.TABLE, Method.SERIES)
    whole = [c for c in columns if c.method not in other]
    on_grid = {c.main[0] for c in whole if c.method is not Method.LOSSLESS and c.main}
    assert on_grid == {0, 1, 2, 3, 9, 10, 11}
    lossless = {c.main[0] for c in columns if c.method is Method.LOSSLESS and c.main}
    assert lossless == {0, 4, 12}
    assert {c.validity[:1] for c in columns} == {b"", b"\0", b"\1", b"\2"}
    assert {c.exact[:1] for c in columns} == {b"", b"\0", b"\4", b"\14"}


def test_goldens_hold_every_kind_of_series() -> None:
    """There are series of whole units and of fractions, with knots and without, and exact rows."""
    found = [one for one in columns_of("archive-5.0/series") if one.method is Method.SERIES]
    assert {(one.main[0] > 0, one.main[1] > 0) for one in found} >= {(1, 0), (1, 1), (0, 0)}
    assert any(one.exact for one in found)
    assert any(one.validity for one in found)


@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0", "4.0", "5.0"])
@pytest.mark.parametrize("case", ["network", "window"])
def test_goldens_use_their_network(version: str, case: str) -> None:
    """Every block of the two has codes, and windows that the rows do not fill."""
    blocks = list(blocks_of(f"archive-{version}/{case}"))
    assert len(blocks) > 2
    assert all(len(block.codes) == 2 for _, block in blocks)
    windows = {codec.network.window for codec, _ in blocks if codec.network}
    assert windows == {1 if case == "network" else 4}
    if case == "window":
        assert all(block.n_rows % 4 for _, block in blocks)
        methods = [{column.method for column in block.columns} for _, block in blocks]
        assert methods == [{Method(number) for number in range(4)}] * len(blocks)


@pytest.mark.parametrize("version", ["2.0", "3.0", "4.0", "5.0"])
def test_golden_classes(version: str) -> None:
    """One column is in classes of the network's hints, and one in classes of other columns'."""
    (block,) = (block for _, block in blocks_of(f"archive-{version}/classes"))
    methods = [column.method for column in block.columns]
    assert methods.count(Method.LINEAR_CONTEXTS) == methods.count(Method.NETWORK_CONTEXTS) == 1


def test_goldens_hold_every_mapping() -> None:
    """Every kind of mapping, state of a column, scale and rule of floats, and way of a stream."""
    blocks = [one for name in MAPPED for one in blocks_of(f"archive-4.0/{name}")]
    tables = [codec.table for codec, _ in blocks if codec.table is not None]
    mappings = [mapping for table in tables for mapping in table.mappings]
    trees = [tree for one in mappings for tree in _trees(mapping_to_json(one))]
    assert {tree["kind"] for tree in trees} == {*_READS, *_NESTED_READS}
    floats = [tree for tree in trees if tree["kind"] == "float"]
    assert {tree["scale"] for tree in floats} == {"decimal", "digits", "rank", "bits"}
    assert {tree["rule"] for tree in floats if "rule" in tree} == set(RULES)
    shapes = [part for tree in trees for shape in tree.get("shapes", ()) for part in shape]
    kinds = {part[0] for part in shapes if isinstance(part, list)}
    assert kinds == {*ALPHABETS, "date", "clock", "moment", "moment "}
    mapped = [one for _, block in blocks for one in block.mapped]
    assert {one.state for one in mapped} == set(State)
    substreams = [stream for one in mapped for stream in one.substreams]
    assert {stream.is_modelled for stream in substreams} == {True, False}


def _trees(tree: Any) -> Iterator[dict[str, Any]]:
    """A mapping and those inside it."""
    yield tree
    inside = [tree.get("inner"), tree.get("item"), *tree.get("children", ())]
    for one in inside:
        if one:
            yield from _trees(one)


def test_golden_cells() -> None:
    """A table model says cells and a validity, and names a lossless feature column its own."""
    blocks = list(blocks_of("archive-4.0/cells"))
    columns = [column for _, block in blocks for column in block.columns]
    methods = {column.method for column in columns}
    assert methods >= {Method.TABLE, Method.MAPPED, Method.NETWORK_RESIDUALS}
    assert any(column.validity[:1] == bytes([MODELLED_VALIDITY]) for column in columns)
    assert all(codec.table and any(codec.table.lows.values()) for codec, _ in blocks)


def test_golden_levels() -> None:
    """Streams of hierarchies, of integers and of distances, and bounds of every block."""
    name = "archive-5.0/levels"
    coded = Counter[str]()
    for codec, block in blocks_of(name):
        assert codec.table is not None
        models = {one.name: one.hierarchy for one in codec.table.model.models}
        kinds = {name: one and one.has_distances for name, one in models.items()}
        assert kinds == {"tide": False, "swell": True, "holes": True}
        own = dict(zip(codec.table.mapped, block.mapped, strict=True))
        coded.update(one for one in models if own[one].substreams[-1].is_modelled)
    assert min(coded[one] for one in ("tide", "swell", "holes")) >= 3
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    format = ArchiveFormat(load_archive_codec(folder))
    for path in sorted((GOLDEN / name / "dataset").glob("day=*/*.parquet")):
        metadata = pq.read_metadata(path)
        footer = read_footer(metadata, path.name)
        assert footer is not None
        groups = format.statistics(metadata, footer, path.name)
        hours = [(one["hour"].minimum, one["hour"].maximum) for one in groups]
        sizes = [metadata.row_group(number).num_rows for number in range(len(groups))]
        ends = np.cumsum(sizes) + (500 if "day=2" in str(path) else 0)
        assert hours == [(end - size, end - 1) for end, size in zip(ends, sizes, strict=True)]
        assert groups[0]["holes"].n_nulls == 6
        assert groups[0]["zone"].values


@pytest.mark.parametrize("version", ["3.0", "4.0", "5.0"])
def test_golden_grids(version: str) -> None:
    """Every grid is used, directly and with a prediction, beside exact values of each column."""
    blocks = list(blocks_of(f"archive-{version}/grids"))
    grids = {type(one.grid) for codec, _ in blocks for one in codec.quantizers}
    assert grids == {LinearGrid, DecimalGrid, FloatingGrid}
    columns = [column for _, block in blocks for column in block.columns]
    assert {Method.DIRECT, Method.LINEAR_RESIDUALS} <= {column.method for column in columns}
    assert sum(bool(column.positions) for column in columns) > len(blocks)


@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0", "4.0", "5.0"])
def test_goldens_use_their_predictor(version: str) -> None:
    """Both lags, cells before, columns that precede, and every way to a cell but the network's."""
    blocks = list(blocks_of(f"archive-{version}/predictor"))
    codec = blocks[0][0]
    assert codec.predictor is not None
    names, order = codec.schema.features, codec.predictor.order.tolist()
    assert order != sorted(order)
    predicted, lossless = (
        {
            names[number]
            for _, block in blocks
            for number, column in enumerate(block.columns)
            if column.method is method
        }
        for method in (Method.LINEAR_RESIDUALS, Method.LOSSLESS)
    )
    assert predicted == {"sum", "walk", "late", "drift", "tame", "near", "holes"}
    assert lossless >= {"exact", "wild"}
    assert {int(source) % 2 for source in codec.predictor.sources} == {0, 1}
    columns = [column for _, block in blocks for column in block.columns]
    assert any(c.method is Method.LINEAR_RESIDUALS and c.validity and c.exact for c in columns)


@pytest.mark.parametrize("name", CASES)
def test_script_never_overwrites(name: str, tmp_path: Path) -> None:
    """The script still writes each case as it was, and refuses to write it twice."""
    write_case(name, tmp_path)
    decoded = decode_case(tmp_path / name, tmp_path / "decoded")
    assert_decodes_to(read_expected(name), decoded)
    with pytest.raises(FileExistsError):
        write_case(name, tmp_path)


def test_the_vectors_golden_has_every_stream() -> None:
    """Lanes that share, lanes of their own nulls, exact vectors and modelled lanes are in it."""
    blocks = list(blocks_of("archive-5.0/vectors"))
    lanes = [lane for _, block in blocks for lane in block.columns]
    own = [vector for _, block in blocks for vector in block.vectors.values()]
    for name in ("validity", "positions", "exact", "shared"):
        assert any(getattr(vector, name) for vector in own), name
    assert {Method.TABLE, Method.LOSSLESS, Method.DIRECT} <= {lane.method for lane in lanes}
    assert any(lane.positions for lane in lanes)
    assert any(lane.is_shared for lane in lanes)
    assert any(not lane.is_shared and lane.method is Method.DIRECT for lane in lanes)


@pytest.mark.parametrize("name", FEATURES)
def test_features_from_the_format_alone(name: str) -> None:
    """A reader that knows the format's text and none of our code reads the same values."""
    for relative, fragment in read_expected(name).items():
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(fragment["schema"])))
        for column, values in read_features(GOLDEN / name / "dataset", relative).items():
            array = to_column(values, schema.field(column).type)
            assert describe_column(array) == fragment["columns"][column], (relative, column)


def test_the_kinds_golden_has_every_kind() -> None:
    """Categories, times, decimals, vectors and constants, with values of each kept exactly."""
    (folder,) = (GOLDEN / "features-5.0/kinds/dataset/_ae/codecs").iterdir()
    codec = load_features_codec(folder)
    lanes = set()
    for path in (GOLDEN / "features-5.0/kinds").rglob("*.parquet"):
        packed = pq.ParquetFile(path).read()[EXACT_COLUMN].combine_chunks()
        assert 0 < packed.null_count < len(packed)
        lanes |= set(unpack_exact(packed, lane_kinds(codec.schema)).lanes)
    names = {codec.schema.lanes[lane] for lane in lanes}
    spared = {"level", "point[0]"}
    assert names == set(codec.schema.lanes) - spared


@pytest.mark.parametrize("name", ROUNDED)
def test_rounded_latents_from_the_format_alone(name: str) -> None:
    """The codec's JSON and the latent column say the same latents, as the format has it."""
    (folder,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    entry = read_codec_json(folder)["latents"]
    for path in (GOLDEN / name).rglob("*.parquet"):
        column = pq.read_table(path, partitioning=None)["latent"].combine_chunks()
        stored = column.flatten().to_numpy().astype(np.float64).reshape(-1, 2)
        metadata = pq.read_schema(path).field("latent").metadata or {}
        scale = float(metadata.get(b"ae:scale", b"1"))
        stored = (stored - float(metadata.get(b"ae:zero_point", b"0"))) * scale
        assert str(column.type.value_type) == {"float32": "float"}.get(entry["type"], "int8")
        multiples = stored / np.array(entry["steps"])
        np.testing.assert_array_equal(multiples, np.rint(multiples))
        assert len(np.unique(stored)) > 5
