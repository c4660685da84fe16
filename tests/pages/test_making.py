"""Whole pages: of archives and features, of little and of much, of what is in disorder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.columns import Fidelity
from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.config.upkeep import DriftConfig
from ae_pipeline.errors import AePipelineError, ConfigError
from ae_pipeline.pages import page_of
from ae_pipeline.pages.facts import Errors, Measured, gather
from ae_pipeline.pages.making import render
from ae_pipeline.report.headline import size_words
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.upkeep import write_drift
from ae_pipeline.verbs import decode, encode, inspect
from tests.pages.conftest import HOSTILE, encoded
from tests.support.data.datasets import write_tree
from tests.support.faults.damage import cut_in_half
from tests.support.golden.reading import GOLDEN
from tests.support.html_pages import check_page

PARTS = ("Where the bytes went", "What columns keep", "Errors by partition", "Original and decoded")

#: Markers of golden datasets, of every format version.
DATASETS = sorted(GOLDEN.rglob("_ae/dataset.json"))


def test_page_is_complete_in_itself(page: str) -> None:
    """A page is well-formed, loads nothing, and has all parts that a comparison allows."""
    found = check_page(page)
    assert all(part in found.text for part in (*PARTS, "How errors spread", "Partitions"))


def test_names_are_text(page: str) -> None:
    """Names and values that are markup are shown as they are and never become elements."""
    found = check_page(page)
    scripts = [tag for tag, _ in found.tags if tag == "script"]
    assert len(scripts) == 1
    assert "img" not in {tag for tag, _ in found.tags}
    assert not any(key.startswith("on") for _, attributes in found.tags for key in attributes)
    cells = {row[0] for row in found.tables["Columns, the largest first"]}
    assert {HOSTILE, '" onload="alert(2)', "温度", "all null", "text", "flat"} <= cells
    assert "$x^2$ & \\u202e\\n" in cells
    assert "\u202e" not in page


def test_numbers_are_those_of_inspect(page: str, archive: Path) -> None:
    """Sizes of the page, of its parts and of its columns are what `inspect` says."""
    found, told = check_page(page), inspect(str(archive))
    assert told.bytes is not None
    account = told.bytes
    total = account.encoded_bytes + account.model_bytes + account.other_bytes
    heads = [text for tag, text in found.texts if tag == "dd"]
    assert heads[:2] == [size_words(account.source_bytes), size_words(total)]
    assert f"{told.facts['rows']:,}" in heads
    sizes = {row[0]: row[1] for row in found.tables["Parts"][1:]}
    assert sizes["directory of the blocks"] == size_words(account.ledger["directory"])
    headings, *rows = found.tables["Columns, the largest first"]
    here = {row[0]: row[headings.index("here")] for row in rows}
    costs = {cost.name: size_words(cost.taken_bytes) for cost in told.costs}
    assert here["温度"] == costs["温度"]
    assert len(rows) == len(costs)


def test_pages_are_repeatable(page: str, archive: Path, hostile: Path) -> None:
    """The same facts make the same page, byte for byte."""
    assert page_of(str(archive), str(hostile)) == page


def test_without_a_source(archive: Path) -> None:
    """Without a source the page has what the codec knows, and says what it lacks."""
    found = check_page(page_of(str(archive)))
    assert "What columns keep" in found.text
    assert "Errors by partition" not in found.text
    assert "--source compares every value" in found.text


def test_features(features: Path, mixed: Path) -> None:
    """Features have a map of latents, a training and a network, and no promise."""
    found = check_page(page_of(str(features), str(mixed), "ok"))
    assert all(part in found.text for part in ("Latent map", "Training", "The network"))
    assert "Coloured by ok" in found.text
    assert "promise" not in found.tables["Columns, the worst first"][0]


def test_color_is_a_key_or_a_column(features: Path) -> None:
    """Points are coloured by a partition key as well; another name is refused with those known."""
    assert "Coloured by day" in page_of(str(features), None, "day")
    with pytest.raises(ConfigError, match="day"):
        page_of(str(features), None, "nothing")


def test_decoded_tables_have_their_errors(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """Tables that were decoded and compared show the errors that were stored then."""
    decoded = tmp_path / "decoded"
    decode(DecodeJob(archive=str(archive), decoded=str(decoded), source=str(hostile)))
    found = check_page(page_of(str(decoded)))
    assert "Errors by partition" in found.text
    again = check_page(page_of(str(archive), str(hostile)))
    name = "Columns in partitions, the worst first"
    assert found.tables[name] == again.tables[name]


def test_flattened_columns_stand_out(hostile: Path, tmp_path: Path) -> None:
    """A column of which next to nothing is left is named in red."""
    page = page_of(str(encoded(hostile, tmp_path / "archive", 0.9)))
    found = check_page(page)
    assert "flattened" in found.text
    assert any(mark.get("class") == "bad" for tag, mark in found.tags if tag == "p")


def test_exact_archives_say_so(hostile: Path, tmp_path: Path) -> None:
    """Where every bit is kept, the page says that and draws no errors."""
    archive = encoded(hostile, tmp_path / "archive", 0.0)
    found = check_page(page_of(str(archive), str(hostile)))
    assert "exactly" in found.text
    assert "How errors spread" not in found.text


def test_no_rows(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """An archive without a row has a page."""
    table = pq.read_table(hostile / "year=2011/part-0.parquet", partitioning=None)
    source = write_tree(tmp_path / "source", {"part-0.parquet": table.slice(0, 0)})
    codec = archive / "_ae/codecs" / inspect(str(archive)).facts["codec"]
    job = EncodeJob(source=str(source), archive=str(tmp_path / "archive"), codec=str(codec))
    encode(job)
    found = check_page(page_of(job.archive, str(source)))
    assert "0" in [text for tag, text in found.texts if tag == "dd"]


@pytest.mark.parametrize("n_rows", [1, 2])
def test_few_rows(tmp_path: Path, n_rows: int) -> None:
    """An archive of one or two rows has a page."""
    table = pa.table({"a": np.arange(n_rows) / 7, "b": pa.nulls(n_rows, pa.float64())})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    archive = encoded(source, tmp_path / "archive")
    found = check_page(page_of(str(archive), str(source)))
    assert str(n_rows) in [text for tag, text in found.texts if tag == "dd"]


def test_no_feature_at_all(tmp_path: Path) -> None:
    """A table of text alone has a page without errors."""
    table = pa.table({"word": [f"w{i % 9}" for i in range(500)], "n": list(range(500))})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    archive = encoded(source, tmp_path / "archive")
    found = check_page(page_of(str(archive), str(source)))
    assert "Where the bytes went" in found.text
    assert "What columns keep" not in found.text


def test_many_columns_fold(archive: Path) -> None:
    """A page of 500 columns in 60 days is below 5 MB: it draws the worst and says of how many."""
    facts = gather(str(archive), None, None, lambda _: None)
    names = [f"sensor_{n:03} of a long name" for n in range(500)]
    costs = tuple(
        ColumnCost(name, "changes", 900, 300 + n, 9, True) for n, name in enumerate(names)
    )
    kept = Fidelity(0.99, 0.98, 50, 20, 1.0, "kept")
    told = tuple(ColumnFidelity(name, "within 0.1", kept) for name in names)
    days = {f"day={n:02}": datetime(2024, 1, 1, tzinfo=UTC) + timedelta(n) for n in range(60)}
    one = Measured("total", "", 9, 9, 0.1, 0.2, 0.9, 0.001, 0.99, 0.98)
    totals = tuple(replace(one, column=name) for name in names)
    parts = tuple(replace(all_days, partition=day) for day in days for all_days in totals)
    found = replace(facts.inspection, costs=costs, fidelity=told)
    facts = replace(facts, inspection=found, errors=Errors(parts, totals), dates=days)
    page = render(facts)
    read = check_page(page)
    assert len(page.encode()) < 5_000_000
    assert len(read.tables["Columns, the worst first"]) == 501
    assert len(read.tables["Columns in partitions, the worst first, 300 of 30,000"]) == 301
    assert "18 of 500 columns" in read.text
    assert "24 of 500 columns" in read.text


def test_many_partitions_fold(tmp_path: Path) -> None:
    """Days are drawn in order of time, neighbours together where there are many."""
    random = np.random.default_rng(0)
    tables = {
        f"day=2024-0{1 + n // 28}-{1 + n % 28:02}/p.parquet": pa.table({"a": random.normal(size=9)})
        for n in range(56)
    }
    source = write_tree(tmp_path / "source", tables)
    archive = encoded(source, tmp_path / "archive")
    found = check_page(page_of(str(archive), str(source)))
    assert "2024-01-01 to 2024-01-02" in " ".join(t for tag, t in found.texts if tag == "title")
    assert len(found.tables["Partitions, the worst first"]) == 57


def test_unreadable_files_are_named(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """A damaged file is named in red, with or without a source; the others are shown."""
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    cut_in_half(copy / "year=2012/part-0.parquet")
    for source in (None, str(hostile)):
        found = check_page(page_of(str(copy), source))
        red = [text for tag, text in found.texts if tag == "p" and "year=2012" in text]
        assert red, source
        assert "Where the bytes went" in found.text


def test_damaged_blocks_are_named(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """A file that has a footer but cannot be decoded is named, and no row of it is shown."""
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    path = copy / "year=2011/part-0.parquet"
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(bytes(content))
    found = check_page(page_of(str(copy), str(hostile)))
    assert any(text.startswith("Failed: ") and "year=2011" in text for _, text in found.texts)
    assert "The first rows of year=2012" in found.text


def test_source_that_changed_is_named(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """A source file that was rewritten fails, and none of its rows are shown."""
    source = Path(shutil.copytree(hostile, tmp_path / "source"))
    table = pq.read_table(source / "year=2011/part-0.parquet", partitioning=None)
    pq.write_table(table.slice(10), source / "year=2011/part-0.parquet")
    found = check_page(page_of(str(archive), str(source)))
    assert "source changed since it was encoded" in found.text
    assert "The first rows of year=2012" in found.text


@pytest.mark.parametrize("marker", DATASETS, ids=lambda path: "/".join(path.parts[-5:-3]))
def test_datasets_of_every_format(marker: Path) -> None:
    """Archives and features of every format version and codec have a page."""
    found = check_page(page_of(str(marker.parents[1])))
    assert "Where the bytes went" in found.text


def test_other_paths_are_refused(hostile: Path, tmp_path: Path) -> None:
    """A source is no encoded dataset, and what is not there is said not to be."""
    with pytest.raises(ConfigError, match="not an encoded dataset"):
        page_of(str(hostile))
    with pytest.raises(AePipelineError):
        page_of(str(tmp_path / "nothing"))


def test_drift_is_shown(archive: Path, hostile: Path, tmp_path: Path) -> None:
    """Drift that a night has recorded stands on the page, with what is beyond the thresholds."""
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    assert "Drift" not in [text for _, text in check_page(page_of(str(copy))).texts]
    shifts = {HOSTILE: 0.5, "温度": 0.01}
    one = PartitionDrift("year=2014", "c0dec", 900, 3.0, 2.0, HOSTILE, 0.5, True, True, shifts)
    calm = replace(one, partition="year=2015", is_shifted=False, is_grown=False, expected=None)
    write_drift(DriftReport("c0dec", "warn", (one, calm)), DriftConfig(), copy)
    found = check_page(page_of(str(copy)))
    assert "1 of 2 partitions with new data have grown and 1 have shifted" in found.text
    rows = found.tables["Partitions by growth"]
    assert rows[1][:2] == ["year=2014", "900"]
    assert "1.5x" in rows[1]
    assert [HOSTILE, "year=2014", "0.5"] in found.tables["Shifts of columns in partitions"]


def test_drift_without_deciles_is_shown(archive: Path, tmp_path: Path) -> None:
    """Where neither shifts nor promised bytes are known, the rates alone are listed."""
    copy = Path(shutil.copytree(archive, tmp_path / "archive"))
    one = PartitionDrift("year=2014", "c0dec", 900, 3.0, None, "", 0.0, False, False)
    write_drift(DriftReport("c0dec", "warn", (one,)), DriftConfig(), copy)
    assert "Partitions by growth" in check_page(page_of(str(copy))).tables
