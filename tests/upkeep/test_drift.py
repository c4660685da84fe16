"""Drift is reported where data has changed and only there; a refit keeps every promise."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec, save_archive_codec
from ae_pipeline.columns import reference_of, stability_index
from ae_pipeline.config.job import CompressJob, VerifyJob
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.storage import codec_directory, drift_file, read_marker
from ae_pipeline.upkeep import footer_of, list_source, measure_drift, plan_backfill, read_drift
from ae_pipeline.verbs import compress, verify
from tests.support.codec.planned import planned
from tests.support.data.datasets import write_tree

GLOB = "x[1]"


def table(
    seed: int, n_rows: int = 6000, *, is_broken: bool = False, shift: float = 0.0
) -> pa.Table:
    """Three columns that follow from one, an exact integer, and a name that looks like a glob.

    Broken, they are as spread as before but follow from nothing.
    """
    generator = np.random.default_rng(seed)
    driver = generator.normal(size=n_rows)
    drivers = [generator.normal(size=n_rows) if is_broken else driver for _ in range(3)]
    columns = {
        "x": drivers[0] + shift,
        GLOB: 2.0 * drivers[1] + 0.002 * generator.normal(size=n_rows),
        "x1": drivers[2] + 0.001 * generator.normal(size=n_rows),
        "count": generator.integers(0, 5, n_rows),
        "key": np.arange(n_rows),
    }
    return pa.table(columns)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two days, encoded."""
    tree = write_tree(
        tmp_path / "source",
        {f"day={day}/part-0.parquet": table(day) for day in (1, 2)},
        row_group_size=2000,
    )
    compress(job_for(tree))
    return tree


def job_for(source: Path, **settings: Any) -> CompressJob:
    """A night whose codec is found without training."""
    return CompressJob(
        source=str(source),
        archive=str(source.parent / "archive"),
        columns={"feature": ["count"], "keep": []},
        tolerance={
            "relative": 0.001,
            "rules": [{"match": "x1", "kind": "absolute", "value": 0.01}],
        },
        planner={"learn": "linear"},
        **settings,
    )


def codec_of(source: Path) -> ArchiveCodec:
    """The codec that the archive uses now."""
    marker = read_marker(source.parent / "archive")
    assert marker is not None
    directory = codec_directory(source.parent / "archive", marker.codec_id or "")
    return load_archive_codec(directory)


def drift_of(source: Path, new: pa.Table) -> PartitionDrift:
    """Drift of a third day."""
    write_tree(source, {"day=3/part-0.parquet": new}, row_group_size=2000)
    job = job_for(source)
    (found,) = measure_drift(job, plan_backfill(job), list_source(job), codec_of(source)).partitions
    return found


def night(source: Path, new: pa.Table, action: str) -> CompressReport:
    """Compress a third day."""
    write_tree(source, {"day=3/part-0.parquet": new}, row_group_size=2000)
    return compress(job_for(source, drift={"action": action}))


def test_the_index_is_that_of_the_textbook() -> None:
    """Halves that become three quarters and one: a quarter of ln 3, by the formula."""
    reference = reference_of(np.repeat([0.0, 1.0], 500_000))
    moved = stability_index(reference, np.repeat([0.0, 1.0], [750_000, 250_000]))
    expected = 0.25 * np.log(0.75 / 0.5) - 0.25 * np.log(0.25 / 0.5)
    assert moved == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("n_rows", [1, 30, 300, 3000])
def test_chance_is_no_shift(n_rows: int) -> None:
    """Samples of the same distribution, however small, hardly ever reach a threshold."""
    generator = np.random.default_rng(n_rows)
    reference = reference_of(generator.normal(size=16_384))
    found = [stability_index(reference, generator.normal(size=n_rows)) for _ in range(200)]
    assert max(found) < 0.1


@pytest.mark.parametrize(
    "values", [np.full(100, np.nan), np.zeros(100), np.array([1e308, -1e308] * 50), np.zeros(0)]
)
def test_odd_columns_have_an_index(values: np.ndarray) -> None:
    """Missing, constant, extreme and empty columns give a finite index; the same one is 0."""
    reference = reference_of(values)
    assert stability_index(reference, values) == 0.0
    assert np.isfinite(stability_index(reference, np.arange(100.0)))
    assert stability_index(reference_of(np.arange(5000.0)), np.full(5000, np.nan)) > 1.0


def test_the_same_data_has_not_drifted(source: Path) -> None:
    """Another day of the same kind raises no alarm."""
    found = drift_of(source, table(3))
    assert not found.is_shifted
    assert not found.is_grown
    assert found.growth == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("n_rows", [1, 10, 200])
def test_small_partitions_raise_no_alarm(source: Path, n_rows: int) -> None:
    """A few rows of the same kind are neither shifted nor grown, whatever a block's overhead."""
    found = drift_of(source, table(3, n_rows))
    assert not found.is_shifted
    assert not found.is_grown


def test_a_shifted_column_is_named(source: Path) -> None:
    """Other values in one column are reported with its name and its shift."""
    found = drift_of(source, table(3, shift=1.0))
    assert found.is_shifted
    assert found.worst_column == "x"


def test_broken_dependence_grows_without_a_shift(source: Path) -> None:
    """Columns that no longer follow from each other take more bytes, although no column shifts."""
    found = drift_of(source, table(3, is_broken=True))
    assert not found.is_shifted
    assert found.is_grown


def test_codecs_without_references_are_judged_by_bytes(source: Path) -> None:
    """A codec without deciles still shows growth; one without a plan as well shows neither."""
    directory = next((source.parent / "archive/_ae/codecs").iterdir())
    codec = load_archive_codec(directory)
    new = {"day=3/part-0.parquet": table(3, is_broken=True)}
    write_tree(source, new, row_group_size=2000)
    job = job_for(source)
    for changes, is_grown in (({"references": ()}, True), ({"references": (), "plan": ()}, False)):
        old = replace(codec, provenance=replace(codec.provenance, **changes))
        report = measure_drift(job, plan_backfill(job), list_source(job), old)
        assert (report.is_shifted, report.is_drifted) == (False, is_grown)


def test_references_are_stored_with_the_codec(source: Path) -> None:
    """A codec that is read back has the deciles it was saved with."""
    codec = codec_of(source)
    assert len(codec.provenance.references) == len(codec.schema.features)
    assert sum(codec.provenance.references[0].counts) == pytest.approx(12_000, rel=0.05)


def test_warn_changes_nothing(source: Path) -> None:
    """By default drift is reported and the codec stays."""
    before = plan_backfill(job_for(source)).codec_id
    report = night(source, table(3, is_broken=True), "warn")
    assert isinstance(report.drift, DriftReport)
    assert report.drift.is_drifted
    assert report.drift.new_codec_id is None
    assert plan_backfill(job_for(source)).codec_id == before


def test_direct_encodes_without_prediction(source: Path) -> None:
    """Fragments that grew get a codec without predictor and network; the one in use stays."""
    before = codec_of(source).id
    night(source, table(3, is_broken=True), "direct")
    archive = source.parent / "archive"
    (direct,) = codecs_of(archive, "day=3")
    codec = load_archive_codec(codec_directory(archive, direct))
    assert (codec.predictor, codec.network) == (None, None)
    assert codec_of(source).id == before
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    assert not report.failures
    assert len(report.codec_ids) == 2


def codecs_of(archive: Path, partition: str) -> list[str]:
    """The codec of each fragment of a partition, in the order of names."""
    footers = [footer_of(path) for path in sorted((archive / partition).glob("*.parquet"))]
    return [footer.codec_id for footer in footers if footer is not None]


@pytest.fixture
def sites(tmp_path: Path) -> Path:
    """Two sites, one night of each encoded."""
    source = tmp_path / "sites"
    add_night(source, 0, is_broken=False)
    compress(job_for(source))
    return source


def add_night(source: Path, night: int, *, is_broken: bool) -> None:
    """A file for each site; the second one follows another relation if broken."""
    second = other_relation(20 + night) if is_broken else table(20 + night)
    files = {
        f"site=A/part-{night}.parquet": table(10 + night),
        f"site=B/part-{night}.parquet": second,
    }
    write_tree(source, files, row_group_size=2000)


def other_relation(seed: int) -> pa.Table:
    """As `table`, but the third column follows from a first column of pure noise."""
    whole, generator = table(seed), np.random.default_rng(1000 + seed)
    driver = generator.normal(size=len(whole))
    third = -driver + 0.001 * generator.normal(size=len(whole))
    return whole.set_column(0, "x", pa.array(driver)).set_column(2, "x1", pa.array(third))


def test_direct_is_for_what_has_grown_and_for_that_night(sites: Path) -> None:
    """A site that did not drift keeps its codec, and so does one that has returned to normal."""
    archive, before = sites.parent / "archive", codec_of(sites).id
    for number, is_broken in enumerate((True, True, False), start=1):
        add_night(sites, number, is_broken=is_broken)
        report = compress(job_for(sites, drift={"action": "direct"}))
        assert not report.failures
        assert report.drift is not None
        assert [one.is_grown for one in report.drift.partitions] == [False, is_broken]
        assert codec_of(sites).id == before
    assert codecs_of(archive, "site=A") == [before] * 4
    first, second, third, fourth = codecs_of(archive, "site=B")
    assert (first, fourth) == (before, before)
    assert second == third != before
    assert not verify(VerifyJob(archive=str(archive), source=str(sites))).failures


def test_a_refit_is_for_what_has_grown_and_is_used_again(sites: Path) -> None:
    """Each site gets the codec that suits it; no night fits a second codec to the same data."""
    archive, before = sites.parent / "archive", codec_of(sites).id
    for number in range(1, 5):
        add_night(sites, number, is_broken=True)
        report = compress(job_for(sites, drift={"action": "refit"}))
        assert not report.failures
        assert report.drift is not None
        assert report.drift.is_drifted == (number == 1)
        assert (report.drift.new_codec_id is not None) == (number == 1)
        assert report.encoded is not None
        assert set(report.encoded.codec_ids) == {one.codec_id for one in report.drift.partitions}
    assert codecs_of(archive, "site=A") == [before] * 5
    first, *others = codecs_of(archive, "site=B")
    assert first == before
    assert set(others) == {codec_of(sites).id}
    assert before not in others
    assert len(list((archive / "_ae/codecs").iterdir())) == 2
    assert not verify(VerifyJob(archive=str(archive), source=str(sites))).failures


def test_codecs_of_another_promise_do_not_compete(sites: Path) -> None:
    """A codec of the archive with other tolerances is not used, however small its output."""
    other = job_for(sites).model_copy(update={"archive": str(sites.parent / "other")})
    add_night(sites, 1, is_broken=True)
    only = other.backfill.model_copy(update={"where": "site = 'B'"})
    coarse = other.tolerance.model_copy(update={"relative": 0.02, "rules": ()})
    compress(other.model_copy(update={"tolerance": coarse, "backfill": only}))
    (codec,) = (sites.parent / "other/_ae/codecs").iterdir()
    shutil.copytree(codec, sites.parent / "archive/_ae/codecs" / codec.name)
    report = compress(job_for(sites, drift={"action": "refit"}))
    assert report.drift is not None
    assert codec.name not in {one.codec_id for one in report.drift.partitions}


def test_a_refit_keeps_the_promise(source: Path) -> None:
    """A codec refitted to other dependences is smaller, and every tolerance is what it was."""
    before = codec_of(source)
    report = night(source, other_relation(3), "refit")
    after = codec_of(source)
    assert report.drift is not None
    assert report.drift.new_codec_id == after.id != before.id
    assert after.quantizers == before.quantizers
    assert after.schema.features == before.schema.features
    assert after.provenance.tolerance == before.provenance.tolerance
    assert not report.failures
    archive = str(source.parent / "archive")
    assert not verify(VerifyJob(archive=archive, source=str(source))).failures
    assert compress(job_for(source, drift={"action": "refit"})).encoded is None


def test_a_pointless_refit_keeps_the_codec(source: Path) -> None:
    """Noise that no codec can predict leads to no new codec."""
    before = plan_backfill(job_for(source)).codec_id
    report = night(source, table(3, 1500, is_broken=True), "refit")
    assert report.drift is not None
    assert report.drift.new_codec_id is None
    assert plan_backfill(job_for(source)).codec_id == before


@pytest.mark.parametrize("engine", ["processes", pytest.param("dask", marks=pytest.mark.heavy)])
def test_drift_is_the_same_on_every_engine(source: Path, engine: str) -> None:
    """Whoever judges the partitions, the report is that of threads, and so is the new codec."""
    days = {3: table(3), 4: table(4, shift=1.0), 5: other_relation(5), 6: table(6, 0), 7: table(7)}
    new = {f"day={day}/part-0.parquet": rows for day, rows in days.items()}
    write_tree(source, new, row_group_size=2000)
    damaged = source / "day=7/part-0.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-30])
    nights = []
    for name in ("threads", engine):
        here = source.parent / f"by-{name}"
        shutil.copytree(source, here / "source")
        shutil.copytree(source.parent / "archive", here / "archive")
        settings = {"drift": {"action": "refit"}, "execution": {"engine": name}}
        nights.append(compress(job_for(here / "source", **settings)).drift)
    ours, theirs = nights
    assert ours is not None
    assert [one.partition for one in ours.partitions] == ["day=3", "day=4", "day=5"]
    assert [one.is_shifted for one in ours.partitions] == [False, True, False]
    assert ours.new_codec_id is not None
    assert theirs == ours


@pytest.mark.slow
def test_a_refit_starts_from_the_former_network(tmp_path: Path) -> None:
    """Where the archive has a network, the refit trains it further, or trains a new one."""
    generator = np.random.default_rng(0)

    slopes, phases = generator.normal(size=(3, 12)) * 2, generator.uniform(0, 6, 12)

    def curved(sign: float) -> pa.Table:
        hidden = generator.uniform(-1, 1, (20_000, 3)) + 0.3 * sign
        waves = np.sin(hidden @ slopes + phases).T
        return pa.table({f"wave{n}": wave for n, wave in enumerate(waves)})

    new = {"day=2/part-0.parquet": curved(-1.0)}
    source = write_tree(tmp_path / "source", {"day=1/part-0.parquet": curved(1.0)}, 20_000)
    settings: dict[str, Any] = {
        "source": str(source),
        "archive": str(tmp_path / "archive"),
        "network": {"latent_dim": 6, "window": 1, "encoder_hidden": [32]},
        "planner": {"windows": [1]},
        "training": {"max_steps": 3000},
        "drift": {"action": "refit", "growth": 1.05},
    }
    former = planned(CompressJob(**settings), tmp_path / "state")
    assert former.network is not None
    save_archive_codec(former, tmp_path / "codec")
    settings["codec"] = str(tmp_path / "codec")
    compress(CompressJob(**settings))
    write_tree(source, new, 20_000)
    report = compress(CompressJob(**settings))
    assert not report.failures
    assert report.drift is not None
    (new_id,) = codecs_of(tmp_path / "archive", "day=2")
    assert report.drift.new_codec_id == new_id != former.id
    after = load_archive_codec(codec_directory(tmp_path / "archive", new_id))
    assert after.provenance.training.steps > 0


def test_unreadable_fragments_are_left_to_encoding(source: Path) -> None:
    """A damaged file does not stop the measurement; it fails when it is encoded."""
    write_tree(source, {"day=3/part-0.parquet": table(3), "day=4/part-0.parquet": table(4)})
    path = source / "day=4/part-0.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    report = compress(job_for(source))
    assert [failure.relative for failure in report.failures] == ["day=4/part-0.parquet"]
    assert report.drift is not None
    assert [one.partition for one in report.drift.partitions] == ["day=3"]


def test_empty_fragments_are_not_judged(source: Path) -> None:
    """A fragment without rows is encoded, and says nothing of drift."""
    pq.write_table(table(3, 0), source / "day=2/part-1.parquet")
    report = compress(job_for(source))
    assert not report.failures
    assert report.drift is not None
    assert report.drift.partitions == ()


def test_drift_is_recorded(source: Path) -> None:
    """A night leaves what it measured in the archive, readable by its specification alone."""
    archive = source.parent / "archive"
    assert read_drift(archive) is None  # the first night has nothing to compare with
    write_tree(source, {"day=3/part-0.parquet": table(3, shift=3.0)})
    report = compress(job_for(source)).drift
    assert report is not None
    found = read_drift(archive)
    assert found is not None
    assert (found.shift, found.growth) == (0.25, 1.25)
    (told,), (read,) = report.partitions, found.report.partitions
    rounded = {name: float(f"{shift:.4g}") for name, shift in told.shifts.items()}
    assert read == replace(told, shifts=rounded, shift=rounded[told.worst_column])
    assert set(told.shifts) == {"x", GLOB, "x1", "count"}
    tree = json.loads(drift_file(archive).read_text(encoding="utf-8"))
    assert tree["columns"] == list(told.shifts)
    assert [one["partition"] for one in tree["partitions"]] == ["day=3"]
    compress(job_for(source))
    assert read_drift(archive) == found  # without new data the record stays


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format_version": "99.0"}', "\x00"])
def test_records_that_cannot_be_read_are_none(tmp_path: Path, content: str) -> None:
    """A record that is damaged, or of another release, is as if there were none."""
    path = drift_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    assert read_drift(tmp_path) is None
