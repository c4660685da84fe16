"""Backfill: every fragment has a state and a reason; only what is selected is done, once."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.errors import (
    AePipelineError,
    CodecMismatchError,
    ConfigError,
    DestinationExistsError,
    EmptySourceError,
)
from ae_pipeline.report.presenter import present
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport
from ae_pipeline.storage import read_notes, write_note
from ae_pipeline.upkeep import plan_backfill
from ae_pipeline.verbs import backfill, encode, verify
from tests.support.datasets import mixed_table, write_tree

LINEAR = {"planner": {"learn": "linear"}}
DAYS = ("2013-05-30", "2013-05-31", "2013-06-01", "2013-06-02")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four days, two fragments each."""
    tables = {
        f"date={day}/part-{part}.parquet": mixed_table(10 * number + part)
        for number, day in enumerate(DAYS)
        for part in range(2)
    }
    return write_tree(tmp_path / "source", tables)


def job_for(source: Path, **settings: Any) -> EncodeJob:
    """A backfill of the source's archive beside it."""
    archive = source.parent / "archive"
    return EncodeJob(source=str(source), archive=str(archive), **{**LINEAR, **settings})


def states(plan: BackfillPlan) -> dict[str, str]:
    """The state of each fragment, by short name."""
    return {one.relative.removeprefix("date="): one.state for one in plan.fragments}


def selected(plan: BackfillPlan) -> list[str]:
    """Days that are selected, in order."""
    days = [one.partition.removeprefix("date=") for one in plan.selected]
    return list(dict.fromkeys(days))


def n_written(found: BackfillReport) -> int:
    """Fragments that a backfill wrote."""
    return 0 if found.report is None else found.report.n_written


def rewrite(path: Path, seed: int) -> None:
    """Other rows under the same name."""
    pq.write_table(mixed_table(seed), path)


def test_everything_is_missing_at_first_and_current_afterwards(source: Path) -> None:
    """The first backfill encodes all, the second one nothing, and every value keeps its promise."""
    first = backfill(job_for(source))
    assert set(states(first.plan).values()) == {"missing"}
    assert n_written(first) == 8
    again = backfill(job_for(source))
    assert set(states(again.plan).values()) == {"current"}
    assert again.report is None
    report = verify(VerifyJob(archive=first.plan.destination, source=str(source)))
    assert not report.failures


def spoil(path: Path, fault: str) -> None:
    """Damage a file that keeps its Parquet suffix."""
    content = path.read_bytes()
    if fault == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif fault == "empty":
        path.write_bytes(b"")
    elif fault == "damaged page":
        alpha = pq.read_metadata(path).row_group(0).column(1)
        middle = alpha.data_page_offset + alpha.total_compressed_size // 2
        path.write_bytes(content[:middle] + bytes(40) + content[middle + 40 :])
    else:
        pq.write_table(mixed_table(3).drop_columns(["alpha"]), path)


@pytest.mark.parametrize("fault", ["truncated", "empty", "damaged page", "other schema"])
@pytest.mark.parametrize("is_selected", [True, False], ids=["selected", "elsewhere"])
def test_a_bad_file_does_not_stop_the_first_backfill(
    source: Path, fault: str, is_selected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The codec is fitted without it, the others are encoded, and it fails only if selected."""
    relative = f"date={DAYS[0]}/part-0.parquet"
    for path in source.rglob("*.parquet"):
        pq.write_table(pq.read_table(path, partitioning=None), path, write_page_checksum=True)
    spoil(source / relative, fault)
    choice = {"end": "2013-05"} if is_selected else {"start": "2013-06"}
    found = backfill(job_for(source, backfill=choice))
    assert found.report is not None
    assert [one.relative for one in found.report.failures] == [relative] * is_selected
    assert n_written(found) == 3 if is_selected else 4
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [relative in line for line in warned] == [True]
    assert warned[0].startswith("left out of the fit: ")


def test_a_dry_run_writes_nothing(source: Path) -> None:
    """Planning makes no folder, and lists what would be done."""
    found = backfill(job_for(source, backfill={"dry_run": True}))
    assert len(found.plan.selected) == 8
    assert [path.name for path in source.parent.iterdir()] == ["source"]


def test_states_have_reasons(source: Path) -> None:
    """Rewritten, failed, outdated and orphaned fragments are listed with the reason."""
    archive = source.parent / "archive"
    backfill(job_for(source))
    rewrite(source / f"date={DAYS[0]}/part-0.parquet", 99)
    shutil.rmtree(source / f"date={DAYS[1]}")
    broken = source / f"date={DAYS[2]}/part-0.parquet"
    broken.write_bytes(broken.read_bytes()[:-20])
    (archive / f"date={DAYS[2]}/part-1.parquet").unlink()
    (archive / f"date={DAYS[3]}/part-0.parquet").write_bytes(b"PAR1 nothing PAR1")
    found = backfill(job_for(source))
    assert [failure.relative for failure in found.report.failures] == [
        f"date={DAYS[2]}/part-0.parquet"
    ]
    plan = plan_backfill(job_for(source))
    reasons = {one.relative.removeprefix("date="): one.reason for one in plan.fragments}
    assert states(plan) == {
        f"{DAYS[0]}/part-0.parquet": "current",
        f"{DAYS[0]}/part-1.parquet": "current",
        f"{DAYS[1]}/part-0.parquet": "orphaned",
        f"{DAYS[1]}/part-1.parquet": "orphaned",
        f"{DAYS[2]}/part-0.parquet": "failed",
        f"{DAYS[2]}/part-1.parquet": "current",
        f"{DAYS[3]}/part-0.parquet": "current",
        f"{DAYS[3]}/part-1.parquet": "current",
    }
    assert "part-0.parquet" in reasons[f"{DAYS[2]}/part-0.parquet"]


def test_a_failure_is_forgotten_when_its_fragment_is_repaired(source: Path) -> None:
    """The note of a failure counts for the source that failed, and goes with success."""
    path = source / f"date={DAYS[0]}/part-0.parquet"
    backfill(job_for(source))
    path.write_bytes(path.read_bytes()[:-20])
    backfill(job_for(source))
    archive = source.parent / "archive"
    assert list(read_notes(archive, "failed")) == [f"date={DAYS[0]}/part-0.parquet"]
    rewrite(path, 5)
    assert states(plan_backfill(job_for(source)))[f"{DAYS[0]}/part-0.parquet"] == "stale"
    backfill(job_for(source))
    assert read_notes(archive, "failed") == {}


def test_prune_removes_orphans_alone(source: Path) -> None:
    """Orphans stay until --prune, which removes them and their empty folders only."""
    archive = source.parent / "archive"
    backfill(job_for(source))
    shutil.rmtree(source / f"date={DAYS[1]}")
    backfill(job_for(source))
    assert (archive / f"date={DAYS[1]}/part-0.parquet").exists()
    backfill(job_for(source, backfill={"prune": True}, execution={"force": True}))
    assert not (archive / f"date={DAYS[1]}").exists()
    assert len(list(archive.rglob("*.parquet"))) == 6


def test_a_run_reports_in_the_past_tense(source: Path) -> None:
    """A plan lists what is due, a run what was done; orphans have no source bytes."""
    backfill(job_for(source))
    kept = sum(path.stat().st_size for path in source.rglob(f"date={DAYS[0]}/*.parquet"))
    for day in DAYS[1:]:
        shutil.rmtree(source / f"date={day}")
    planned = backfill(job_for(source, backfill={"prune": True, "dry_run": True}))
    states, to_do = present(planned).tables()
    assert states.footer == ("total", 8, kept, 6, "")
    assert states.rows[1][:4] == ("orphaned", 6, None, 6)
    assert to_do.title == "To do"
    assert "0 of 8 fragments to do, 0 bytes of source, 6 to remove" in present(planned).lines()[0]
    done = backfill(job_for(source, backfill={"prune": True}, execution={"force": True}))
    states, removed = present(done).tables()
    assert states.headings[3] == "selected"
    assert (removed.title, len(removed.rows)) == ("Removed", 6)
    assert present(done).lines() == ["0 of 8 fragments were selected, 0 bytes of source; 6 removed"]


def test_an_emptied_source_prunes_nothing(source: Path) -> None:
    """A source that lost all its files is a mistake, not a reason to empty the archive."""
    backfill(job_for(source))
    for path in source.rglob("*.parquet"):
        path.unlink()
    with pytest.raises(EmptySourceError):
        backfill(job_for(source, backfill={"prune": True}))
    assert len(list((source.parent / "archive").rglob("*.parquet"))) == 8


def test_retired_fragments_are_not_orphans(source: Path) -> None:
    """A retired fragment stays in the archive; other content under its name is not encoded."""
    archive = source.parent / "archive"
    backfill(job_for(source))
    path = source / f"date={DAYS[0]}/part-0.parquet"
    write_note(archive, "retired", f"date={DAYS[0]}/part-0.parquet", {"source": "x"})
    path.unlink()
    plan = backfill(job_for(source, backfill={"prune": True})).plan
    assert states(plan)[f"{DAYS[0]}/part-0.parquet"] == "retired"
    rewrite(path, 77)
    plan = plan_backfill(job_for(source))
    assert states(plan)[f"{DAYS[0]}/part-0.parquet"] == "retired"
    assert not plan.selected
    found = backfill(job_for(source, backfill={"only": ["retired"]}))
    assert n_written(found) == 1
    assert read_notes(archive, "retired") == {}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, list(DAYS)),
        ({"order": "desc"}, list(reversed(DAYS))),
        ({"start": "2013-06"}, list(DAYS[2:])),
        ({"end": "2013-05"}, list(DAYS[:2])),
        ({"start": "2013-05-31", "end": "2013-06-01"}, list(DAYS[1:3])),
        ({"start": "2013", "end": "2013"}, list(DAYS)),
        ({"start": "2014"}, []),
        ({"lookback": 1}, list(DAYS[3:])),
        ({"lookback": 2, "end": "2013-06-01"}, list(DAYS[1:3])),
        ({"limit": 3}, list(DAYS[:2])),
        ({"where": "date = '2013-06-01'"}, [DAYS[2]]),
        ({"where": "not date < '2013-06-01' and path like '%part-1%'"}, list(DAYS[2:])),
        ({"where": "date in ('2013-05-30') or date between '2013-06-02' and '2014'"}, [*DAYS[::3]]),
        ({"where": "date is null"}, []),
    ],
)
def test_selection(source: Path, choice: dict[str, Any], expected: list[str]) -> None:
    """Predicate, inclusive range, lookback, order and limit choose fragments."""
    assert selected(plan_backfill(job_for(source, backfill=choice))) == expected


@pytest.mark.parametrize(
    ("choice", "word"),
    [
        ({"where": "day > 3"}, "no key day"),
        ({"where": "date >"}, r"date > \(not understood at >, column 6\)"),
        ({"where": "date > 3"}, "cannot evaluate"),
        ({"where": "upper(date) = 'X'"}, "not understood"),
        ({"where": "date"}, "cannot evaluate"),
        ({"where": "date = (select 1)"}, "not understood"),
        ({"start": "May"}, "not a date"),
        ({"end": "2013-13"}, "not a date"),
        ({"start": "2015", "end": "2013"}, "ends before it starts: backfill.end: expected 2015"),
        ({"start": "2013-06", "end": "2013-05-31"}, "ends before it starts"),
    ],
)
def test_a_bad_selection_is_refused_in_one_line(
    source: Path, choice: dict[str, Any], word: str
) -> None:
    """Predicates and dates without a meaning raise a `ConfigError` that quotes them."""
    with pytest.raises(ConfigError, match=word) as caught:
        plan_backfill(job_for(source, backfill=choice))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        ({"where": "station = 'Nowhere'"}, "backfill.where station = 'Nowhere'"),
        ({"start": "2016"}, "backfill.start 2016"),
    ],
)
def test_a_selection_of_nothing_is_a_warning(
    choice: dict[str, Any], asked: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A selection that matches no partition lists the partitions that exist."""
    job = job_for(stations(tmp_path, "year={year}/station={station}"), backfill=choice)
    assert plan_backfill(job).fragments == ()
    (record,) = caplog.records
    assert record.getMessage() == (
        f"no partition matches {asked}: there is year 2013 to 2015; station A, B, C"
    )


LAYOUTS = ("year={year}/station={station}", "station={station}/year={year}")


def stations(root: Path, layout: str) -> Path:
    """Three stations over three years."""
    keys = [(year, station) for year in (2013, 2014, 2015) for station in "ABC"]
    folders = [layout.format(year=year, station=station) for year, station in keys]
    tables = {f"{folder}/part-0.parquet": mixed_table(0, 5) for folder in folders}
    return write_tree(root / "source", tables)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_lookback_counts_dates(layout: str, tmp_path: Path) -> None:
    """The last years include all their stations, whichever key comes first in the path."""
    source = stations(tmp_path, layout)
    chosen = selected(plan_backfill(job_for(source, backfill={"lookback": 2})))
    assert len(chosen) == 6
    assert not any("2013" in partition for partition in chosen)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_latest_first_is_by_date(layout: str, tmp_path: Path) -> None:
    """In descending order a limit takes the last year of every station first."""
    source = stations(tmp_path, layout)
    choice = {"order": "desc", "limit": 4}
    chosen = selected(plan_backfill(job_for(source, backfill=choice)))
    assert ["2015" in partition for partition in chosen] == [True, True, True, False]
    assert "2014" in chosen[3]


def test_without_dates_partitions_are_counted(tmp_path: Path) -> None:
    """Without a key for dates, lookback and descending order follow the path."""
    tables = {f"station={name}/part-0.parquet": mixed_table(0, 5) for name in "ABC"}
    source = write_tree(tmp_path / "source", tables)
    choice = {"lookback": 2, "order": "desc"}
    chosen = selected(plan_backfill(job_for(source, backfill=choice)))
    assert chosen == ["station=C", "station=B"]


def test_dates_may_be_spread_over_folders(tmp_path: Path) -> None:
    """year=, month= and day= make a date, with or without leading zeros."""
    folders = ("year=2013/month=2", "year=2013/month=11", "year=2014/month=01")
    tables = {f"{folder}/part-0.parquet": mixed_table(0) for folder in folders}
    job = job_for(write_tree(tmp_path / "source", tables), backfill={"start": "2013-03"})
    assert selected(plan_backfill(job)) == [*folders[1:]]


def test_ranges_need_dates(tmp_path: Path) -> None:
    """Without a key for dates, a range is refused."""
    tables = {"station=a/part-0.parquet": mixed_table(0)}
    job = job_for(write_tree(tmp_path / "source", tables), backfill={"start": "2013"})
    with pytest.raises(ConfigError, match="no partition key is a date"):
        plan_backfill(job)


def test_codecs_live_side_by_side(source: Path) -> None:
    """A new codec encodes new fragments; the others are outdated, verify, and can be selected."""
    archive = source.parent / "archive"
    backfill(job_for(source, backfill={"end": "2013-05"}))
    other = source.parent / "other"
    tolerance = {"relative": 0.02}
    encode(EncodeJob(source=str(source), archive=str(other), tolerance=tolerance, **LINEAR))
    (codec,) = (other / "_ae/codecs").iterdir()
    found = backfill(job_for(source, codec=str(codec)))
    assert n_written(found) == 4
    assert sorted(set(states(found.plan).values())) == ["missing", "outdated"]
    report = verify(VerifyJob(archive=str(archive), source=str(source)))
    assert not report.failures
    assert len(report.codec_ids) == 2
    found = backfill(job_for(source, backfill={"only": ["outdated"]}))
    assert n_written(found) == 4
    assert set(states(plan_backfill(job_for(source))).values()) == {"current"}


def test_features_are_backfilled_alike(source: Path) -> None:
    """The same plan serves latent features; another latent column makes them stale."""
    settings: dict[str, Any] = {
        "features": str(source.parent / "features"),
        "training": {"epochs": 1},
        "network": {"latent_dim": 2},
    }
    found = backfill(EncodeJob(source=str(source), **settings, backfill={"lookback": 1}))
    assert n_written(found) == 2
    found = backfill(EncodeJob(source=str(source), **settings))
    assert n_written(found) == 6
    plan = plan_backfill(EncodeJob(source=str(source), **settings, latent_column="z"))
    assert set(states(plan).values()) == {"stale"}


def test_a_plan_refuses_another_kind_of_destination(source: Path) -> None:
    """A dry run refuses what the run would: a destination or a codec of another kind."""
    backfill(job_for(source, backfill={"lookback": 1}))
    archive = str(source.parent / "archive")
    dry = {"backfill": {"dry_run": True}}
    with pytest.raises(DestinationExistsError, match="another kind of dataset"):
        backfill(EncodeJob(source=str(source), features=archive, **dry))
    (codec,) = (source.parent / "archive/_ae/codecs").iterdir()
    new = str(source.parent / "new")
    with pytest.raises(CodecMismatchError, match="codec is of another kind"):
        backfill(EncodeJob(source=str(source), features=new, codec=str(codec), **dry))


def test_a_refusal_names_the_way_to_another_tolerance(source: Path) -> None:
    """Asking an archive for another tolerance names a way that works, as tested above."""
    backfill(job_for(source, backfill={"lookback": 1}))
    with pytest.raises(ConfigError, match="give `backfill --codec` the codec made there"):
        backfill(job_for(source, tolerance={"relative": 0.02}))


def test_current_fragments_are_encoded_again_only_if_selected(source: Path) -> None:
    """`only: [current]` encodes current fragments again, for a user who distrusts them."""
    backfill(job_for(source))
    found = backfill(job_for(source, backfill={"only": ["current"], "limit": 1}))
    assert n_written(found) == 1


def test_a_damaged_note_is_ignored(source: Path) -> None:
    """Notes are hints: one that cannot be read neither fails a plan nor hides a fragment."""
    backfill(job_for(source))
    archive = source.parent / "archive"
    write_note(archive, "failed", f"date={DAYS[0]}/part-0.parquet", {})
    (archive / f"_ae/failed/date={DAYS[0]}/part-0.parquet.json").write_bytes(b"\xff{")
    assert set(states(plan_backfill(job_for(source))).values()) == {"current"}


def test_a_bad_codec_fails_before_anything_is_written(source: Path) -> None:
    """A codec that does not exist fails the plan."""
    with pytest.raises(AePipelineError, match="no codec"):
        plan_backfill(job_for(source, codec=str(source / "nowhere")))
