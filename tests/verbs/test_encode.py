"""Encode over whole datasets on disk, and what it leaves alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline import errors
from ae_pipeline.codec.archive import load_archive_codec, save_archive_codec
from ae_pipeline.codec.features import load_features_codec
from ae_pipeline.config.job import EncodeJob, ExecutionConfig, FitJob, VerifyJob
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.formats.latents.records import MISSING_COLUMN
from ae_pipeline.inputs import EXACT_COLUMN
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import codec_directory, private_folder, read_footer
from ae_pipeline.verbs import encode, fit, inspect, verify
from tests.support.data.datasets import (
    N_ROWS,
    PARTITIONS,
    mixed_table,
    mixed_tree,
    read_table,
    write_tree,
)
from tests.support.jobs.pipelines import FAST, FEATURES, run_decode, run_encode


def test_fragments_mirror_the_source(source: Path, features: Path) -> None:
    """Each source fragment has a features fragment at the same path, with as many rows."""
    for partition in PARTITIONS:
        relative = f"{partition}/part-0.parquet"
        assert pq.read_metadata(features / relative).num_rows == N_ROWS
    assert len(list(features.rglob("*.parquet"))) == len(list(source.rglob("*.parquet")))


def test_features_hold_kept_columns_and_latents(source: Path, features: Path) -> None:
    """Kept columns are identical in type and value, and latents are fixed-size float32 lists."""
    got = read_table(features / "day=2/part-0.parquet")
    expected = read_table(source / "day=2/part-0.parquet")
    kept = [name for name in expected.column_names if name not in FEATURES]
    assert got.column_names == [*kept, "latent", MISSING_COLUMN, EXACT_COLUMN]
    assert got.select(kept).equals(expected.select(kept))
    latent = got.schema.field("latent").type
    assert (latent.list_size, latent.value_type) == (2, pa.float32())


def test_duckdb_reads_features(features: Path) -> None:
    """DuckDB sees partitions, kept columns and latents of the right length."""
    query = f"""
        select day, count(*), min(len(latent)), max(len(latent)), sum("key")
        from read_parquet('{features}/**/*.parquet', hive_partitioning = true)
        group by day order by day
    """  # noqa: S608  a path of our own
    rows = duckdb.sql(query).fetchall()
    expected = sum(range(N_ROWS))
    assert rows == [(day, N_ROWS, 2, 2, expected) for day in (1, 2, 10)]


def test_polars_reads_features(features: Path) -> None:
    """Polars sees the same latents as pyarrow."""
    path = features / "day=1/part-0.parquet"
    theirs = polars.read_parquet(path, hive_partitioning=False)["latent"].to_numpy()
    ours = np.stack(read_table(path)["latent"].to_numpy())
    np.testing.assert_array_equal(theirs, ours)


def test_footer_names_codec_and_source(features: Path, codec: str) -> None:
    """A fragment's footer holds codec id, source fingerprint, format version and kind."""
    path = features / "day=1/part-0.parquet"
    footer = read_footer(pq.read_metadata(path), str(path))
    assert footer is not None
    assert footer.codec_id == load_features_codec(codec).id
    assert len(footer.source_fingerprint) == 32
    assert pq.read_metadata(path).metadata[b"ae:format_version"] == FORMAT_VERSION.encode()


def test_bytes_of_latents_are_told(source: Path, codec: str, tmp_path: Path) -> None:
    """Encode and decode report the same bytes of the latent column, as the file has them."""
    encoded = run_encode(source, tmp_path / "features", codec)
    decoded = run_decode(tmp_path / "features", tmp_path / "out")
    sizes = [
        chunk.total_compressed_size
        for path in (tmp_path / "features").rglob("*.parquet")
        for group in range(pq.read_metadata(path).num_row_groups)
        for chunk in map(
            pq.read_metadata(path).row_group(group).column,
            range(pq.read_metadata(path).num_columns),
        )
        if chunk.path_in_schema.startswith("latent.")
    ]
    assert sum(sizes) == encoded.total.ledger["latents"] > 0
    assert encoded.total.ledger == decoded.total.ledger


def test_rerun_leaves_current_fragments_alone(source: Path, codec: str, own_features: Path) -> None:
    """Encoding again writes nothing, with the codec named or found in the dataset."""
    files = sorted(own_features.rglob("*.parquet"))
    before = [file.stat().st_mtime_ns for file in files]
    named = run_encode(source, own_features, codec)
    found = encode(EncodeJob(source=str(source), features=str(own_features)))
    assert (named.n_written, found.n_written) == (0, 0)
    assert [file.stat().st_mtime_ns for file in files] == before


def test_stale_and_missing_fragments_are_done_again(codec: str, tmp_path: Path) -> None:
    """A rewritten source fragment and a deleted output are encoded anew, the others stay."""
    source = mixed_tree(tmp_path / "source")
    destination = tmp_path / "features"
    run_encode(source, destination, codec)
    pq.write_table(mixed_table(99), source / "day=1/part-0.parquet")
    (destination / "day=2/part-0.parquet").unlink()
    assert run_encode(source, destination, codec).n_written == 2


def test_truncated_output_is_done_again(source: Path, codec: str, own_features: Path) -> None:
    """An output that is damaged counts as missing."""
    path = own_features / "day=1/part-0.parquet"
    path.write_bytes(path.read_bytes()[:100])
    assert run_encode(source, own_features, codec).n_written == 1
    assert pq.read_metadata(path).num_rows == N_ROWS


def test_another_codec_needs_force(source: Path, own_features: Path, tmp_path: Path) -> None:
    """A dataset is not silently mixed from two codecs; --force encodes everything again."""
    other = str(tmp_path / "other")
    fit(
        FitJob(
            source=str(source),
            codec=other,
            columns={"feature": ["count"]},
            **FAST | {"training": {"epochs": 0}},
        )
    )
    with pytest.raises(errors.DestinationExistsError, match="another codec"):
        run_encode(source, own_features, other)
    forced = run_encode(source, own_features, other, execution={"force": True})
    assert forced.n_written == len(PARTITIONS)
    assert inspect(str(own_features)).facts["codec"] == load_features_codec(other).id


def test_one_bad_fragment_does_not_stop_the_others(codec: str, tmp_path: Path) -> None:
    """A damaged and a differing fragment are named; the rest is encoded and nothing else left."""
    source = mixed_tree(tmp_path / "source")
    bad = source / "day=1/part-0.parquet"
    bad.write_bytes(bad.read_bytes()[:200])
    write_tree(source, {"day=2/part-1.parquet": mixed_table(5).drop_columns(["alpha"])})
    report = run_encode(source, tmp_path / "features", codec)
    messages = {failure.relative: failure.message for failure in report.failures}
    assert "not a readable Parquet file" in messages["day=1/part-0.parquet"]
    assert "alpha is missing" in messages["day=2/part-1.parquet"]
    assert report.n_written == 2
    names = {path.name for path in (tmp_path / "features").rglob("*") if path.is_file()}
    assert not [name for name in names if name.endswith(".tmp")]


def test_varying_constant_is_warned_of(codec: str, tmp_path: Path) -> None:
    """A column that was constant at fit time and is not now is named in a warning."""
    table = mixed_table(3)
    index = table.column_names.index("flat")
    moved = table.set_column(index, table.schema.field("flat"), pa.array(np.arange(N_ROWS) * 1.0))
    source = write_tree(tmp_path / "source", {"part-0.parquet": moved})
    report = run_encode(source, tmp_path / "features", codec)
    assert len(report.warnings) == 1
    assert "flat" in report.warnings[0]


def test_fit_again_is_current(source: Path, codec: str) -> None:
    """The same fit again is recognised; another one does not replace it without --force."""
    job = FitJob(source=str(source), codec=codec, columns={"feature": ["count"]}, **FAST)
    assert fit(job).state == "current"
    other = job.model_copy(update={"training": job.training.model_copy(update={"epochs": 1})})
    with pytest.raises(errors.DestinationExistsError, match="another codec is here"):
        fit(other)


def test_features_without_codec_fits_one(source: Path, tmp_path: Path) -> None:
    """Encode fits a codec if none is given and keeps it in the dataset."""
    destination = tmp_path / "features"
    report = encode(EncodeJob(source=str(source), features=str(destination), **FAST))
    (codec_id,) = report.codec_ids
    assert load_features_codec(codec_directory(destination, codec_id)).id == codec_id
    assert not (private_folder(destination) / "checkpoint").exists()


def test_overlap_is_refused(source: Path, codec: str, tmp_path: Path) -> None:
    """No verb writes into its source, or into a folder that holds it."""
    with pytest.raises(errors.DestinationOverlapError):
        run_encode(source, source / "features", codec)
    with pytest.raises(errors.DestinationOverlapError):
        run_encode(source, source.parent, codec)
    with pytest.raises(errors.DestinationOverlapError):
        fit(FitJob(source=str(source), codec=str(source / "codec")))


def test_foreign_folder_is_not_written(source: Path, codec: str, tmp_path: Path) -> None:
    """A folder with files of someone else stays as it is."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/notes.txt").write_text("mine")
    with pytest.raises(errors.DestinationExistsError, match="not written by ae-pipeline"):
        run_encode(source, tmp_path / "theirs", codec)
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["notes.txt"]


def test_inspect_tells_kinds_apart(
    source: Path, codec: str, features: Path, tmp_path: Path
) -> None:
    """A source, a codec, a features and a decoded dataset are each recognised."""
    run_decode(features, tmp_path / "out")
    paths = (source, codec, features, tmp_path / "out")
    kinds = [inspect(str(path)).kind for path in paths]
    assert kinds == ["source", "codec", "features dataset", "decoded dataset"]
    roles = {column.name: column.role for column in inspect(codec).columns}
    assert (roles["alpha"], roles["flat"], roles["key"]) == ("feature", "constant", "kept")


def test_settings_that_differ_from_the_codec_are_refused(
    source: Path, codec: str, own_features: Path
) -> None:
    """A latent_dim or columns that the existing codec does not have are an error, not ignored."""
    with pytest.raises(errors.ConfigError, match="fitted with another setting"):
        run_encode(source, own_features, codec, network={"latent_dim": 5})
    with pytest.raises(errors.ConfigError, match="feature columns"):
        run_encode(source, own_features, codec, columns={"keep": ["alpha"]})


def test_orphans_are_told_of(codec: str, tmp_path: Path) -> None:
    """Fragments that the source no longer has are named in a warning and stay."""
    source = mixed_tree(tmp_path / "source")
    run_encode(source, tmp_path / "features", codec)
    shutil.rmtree(source / "day=2")
    report = run_encode(source, tmp_path / "features", codec)
    assert "not in the source any more" in report.warnings[0]


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files of walks that follow each other, with a key and nulls."""
    generator, tables = np.random.default_rng(5), {}
    for number in range(6):
        walk = np.cumsum(generator.normal(size=4000))
        columns = {
            "walk": walk,
            "other": pa.array(2 * walk + generator.normal(0, 0.1, 4000), mask=walk > 30),
            "key": generator.integers(0, 5, 4000),
        }
        tables[f"day={number}/part-0.parquet"] = pa.table(columns)
    return write_tree(tmp_path_factory.mktemp("walks") / "source", tables, row_group_size=1500)


def encode_walks(walks: Path, archive: Path, **execution: object) -> DatasetReport:
    """Encode within 1 %, without a network."""
    return encode(
        EncodeJob(
            source=str(walks),
            archive=str(archive),
            tolerance={"relative": 0.01},
            planner={"learn": "never", "budget_s": 2.0},
            execution=execution,
        )
    )


def fragments_of(archive: Path) -> dict[str, bytes]:
    """Bytes of each fragment."""
    files = sorted(archive.glob("day=*/*.parquet"))
    return {str(path.relative_to(archive)): path.read_bytes() for path in files}


@pytest.mark.parametrize("effort", ["fast", "balanced"])
def test_bytes_of_an_effort_depend_on_no_worker(walks: Path, tmp_path: Path, effort: str) -> None:
    """One worker and three write the same bytes, and every value keeps its promise."""
    for name, workers in (("one", 1), ("three", 3)):
        encode_walks(walks, tmp_path / name, effort=effort, workers=workers)
    assert fragments_of(tmp_path / "one") == fragments_of(tmp_path / "three")
    verified = verify(VerifyJob(source=str(walks), archive=str(tmp_path / "one")))
    assert not verified.failures


def test_another_effort_encodes_nothing_anew(walks: Path, tmp_path: Path) -> None:
    """Fragments are current whatever effort wrote them, and the codec stays."""
    first = encode_walks(walks, tmp_path / "archive", effort="fast")
    written = fragments_of(tmp_path / "archive")
    again = encode_walks(walks, tmp_path / "archive", effort="small")
    assert {one.state for one in again.fragments} == {"current"}
    assert again.codec_ids == first.codec_ids
    assert fragments_of(tmp_path / "archive") == written


def test_codecs_without_ways_encode_with_all_effort(walks: Path, tmp_path: Path) -> None:
    """A codec of a release without efforts writes the bytes of `small`, and says so."""
    small = encode_walks(walks, tmp_path / "small")
    codec = load_archive_codec(codec_directory(tmp_path / "small", small.codec_ids[0]))
    old = replace(codec, provenance=replace(codec.provenance, ways=()))
    save_archive_codec(old, tmp_path / "old")
    job = EncodeJob(source=str(walks), archive=str(tmp_path / "fast"), codec=str(tmp_path / "old"))
    report = encode(job.model_copy(update={"execution": ExecutionConfig(effort="fast")}))
    assert fragments_of(tmp_path / "fast") == fragments_of(tmp_path / "small")
    assert any("without efforts" in warning for warning in report.warnings)
