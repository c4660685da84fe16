"""What estimate recommends, and what it says is in the way of more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec import Provenance
from ae_pipeline.columns import Fidelity
from ae_pipeline.config.job import EncodeJob, EstimateJob
from ae_pipeline.fitting import UNTRAINED, direct_codec, fit_seconds, sample_source
from ae_pipeline.report.presenter import present
from ae_pipeline.results.estimate import Estimate, EstimatedOption
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.progress import silent
from ae_pipeline.verbs import encode, estimate
from ae_pipeline.verbs.verdict import give_verdict, recommend
from tests.support.data.datasets import write_tree
from tests.support.data.taxi import taxi_table

FLAT = ColumnFidelity("fare", "within 4290", Fidelity(1.0, -3.8, 1871, 2, 7.06, "flattened"))


def option(
    label: str, tolerance: float, *lost: ColumnFidelity, n_bytes: int = 50
) -> EstimatedOption:
    """Of a source of 200 bytes, as small as direct coding makes it."""
    return EstimatedOption(
        label=label,
        tolerance=tolerance,
        method="direct",
        payload_bytes=n_bytes,
        model_bytes=0,
        simple_bytes=n_bytes,
        archive_bytes=n_bytes,
        columns=(),
        fidelity=(),
        in_the_way=lost,
    )


EXACT = option("exact", 0.0, n_bytes=100)
DECIMALS = option("2 decimals", 0.0, n_bytes=80)


def test_the_coarsest_that_keeps_all_columns_is_recommended() -> None:
    """Whatever their order, the coarsest option with nothing in the way is the one."""
    fine, middle, coarse = option("0.1 %", 0.001), option("1 %", 0.01), option("5 %", 0.05, FLAT)
    for options in ([fine, middle, coarse], [coarse, fine, middle]):
        assert recommend(options, [DECIMALS, EXACT]) is middle
    advice = give_verdict(middle, [fine, middle, coarse], 200)
    assert advice.startswith("Use it at 1 %, where every column keeps its meaning: files 4.0x")
    assert "In the way of 5 %: fare (within 4290, R2 0.00, IQR 7.06, 1,871 -> 2 values)" in advice
    assert "In the way" not in give_verdict(middle, [fine, middle], 200)


def test_two_decimals_and_exact_are_what_is_left() -> None:
    """Where every tolerance flattens a column, two decimals are recommended, else exact."""
    options = [option("1 %", 0.01, FLAT), option("5 %", 0.05, FLAT)]
    assert recommend(options, [DECIMALS, EXACT]) is DECIMALS
    assert recommend(options, [EXACT]) is EXACT
    assert give_verdict(EXACT, options, 200).startswith("Use it exact, where every column")
    assert "In the way of 1 %: fare" in give_verdict(EXACT, options, 200)
    assert give_verdict(EXACT, options, 101).startswith("Don't: exact, where every column")


def test_what_depends_on_each_other_gains() -> None:
    """Where prediction gains something on the simple codec, the advice says how much."""
    best = replace(option("1 %", 0.01), simple_bytes=100)
    assert "files 4.0x smaller than they are, and encoded columns 2.0x smaller" in give_verdict(
        best, [best], 200
    )


def estimated(table: pa.Table, folder: Path, **settings: object) -> Estimate:
    """Of one file, without networks."""
    pq.write_table(table, folder / "source.parquet")
    source = str(folder / "source.parquet")
    return estimate(EstimateJob(source=source, planner={"learn": "never"}, **settings))


def test_nothing_that_flattens_is_recommended(tmp_path: Path) -> None:
    """Of the taxi table no part of the range keeps every column; exact does, and is told with its
    bytes. Columns in the way are named, and shown with their numbers.
    """  # noqa: D205
    found = estimated(taxi_table(1500), tmp_path, tolerance={"kind": "range"})
    assert found.recommended in ("2 decimals", "exact")
    for one in found.options:
        assert {"fare", "total", "late_s"} <= {column.name for column in one.in_the_way}
    assert found.others[-1].label == "exact"
    assert not found.others[-1].in_the_way
    assert found.others[-1].archive_bytes > found.options[0].archive_bytes
    assert "In the way of 0.1 %: fare (within 429, " in found.verdict
    options, costs, kept, *_ = present(found).tables()
    assert [row[0] for row in options.rows][-1] == "exact"
    assert str(options.rows[1][-1]).startswith("8 flattened")
    assert costs.title == "Columns: bytes as plain Parquet and coded, 0.1 %"
    assert kept.title == "What columns keep at 0.1 %"
    (fare,) = [row for row in kept.rows if row[0] == "fare"]
    assert fare[-1] == "flattened"


def test_two_decimals_apply_to_cents_alone(tmp_path: Path) -> None:
    """Two decimals are told where they keep every column, and not where they flatten one."""
    cents = taxi_table(1500).select(["fare", "distance"])
    (tmp_path / "cents").mkdir()
    found = estimated(cents, tmp_path / "cents", tolerances=[0.01])
    assert [one.label for one in found.others] == ["2 decimals", "exact"]
    tiny = cents.append_column("tiny", pa.array([1e-3 * (row % 7) for row in range(1500)]))
    assert [one.label for one in estimated(tiny, tmp_path, tolerances=[0.01]).others] == ["exact"]


@pytest.mark.parametrize(("match", "is_in_the_way"), [("fare", False), ("far*", True)])
def test_a_rule_for_that_very_column_is_no_obstacle(
    match: str, is_in_the_way: bool, tmp_path: Path
) -> None:
    """Whom a rule names has been thought of, and does not stand in the way of a recommendation."""
    rules = [{"match": match, "kind": "range", "value": 0.01}]
    table = taxi_table(1500).select(["fare", "meter"])
    found = estimated(table, tmp_path, tolerance={"rules": rules}, tolerances=[0.01])
    assert [column.name for column in found.options[0].in_the_way] == ["fare"] * is_in_the_way
    assert found.recommended == ("exact" if is_in_the_way else "1 %")


@pytest.mark.parametrize("n_rows", [200, 2_000, 100_000])
def test_the_whole_archive_is_forecast(n_rows: int, tmp_path: Path) -> None:
    """Files, model, notes and containers together are within 15 %, of tiny tables, too."""
    generator = np.random.default_rng(0)
    cents = generator.integers(250, 9_000, n_rows)
    columns = {
        "day": np.sort(generator.integers(0, 365, n_rows)),
        "kind": [f"kind {n}" for n in generator.integers(0, 9, n_rows)],
        "fare": cents / 100,
        "tip": cents // 7 / 100,
        "flag": generator.random(n_rows) < 0.05,
    }
    source = write_tree(tmp_path / "source", {"p.parquet": pa.table(columns)})
    settings = {"source": str(source), "planner": {"learn": "never"}}
    found = estimate(EstimateJob.model_validate({**settings, "tolerances": [0.01]}))
    archive = tmp_path / "archive"
    job = {**settings, "archive": str(archive), "tolerance": {"relative": 0.01}}
    encode(EncodeJob.model_validate(job))
    taken = sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())
    (option,) = found.options
    assert option.archive_bytes == pytest.approx(taken, rel=0.15)


def test_seconds_of_the_table_are_those_of_the_whole_fit(tmp_path: Path) -> None:
    """A rehearsal learns the table in ten seconds at most; the fit has the planner's budget."""
    table = pa.table({f"c{n}": np.arange(3_000) * (n + 3) % 101 for n in range(4)})
    source = write_tree(tmp_path / "source", {"p.parquet": table})
    sampled = sample_source(EstimateJob(source=str(source)), silent)
    model = Candidate("table model", 100, 10, 8.0, is_chosen=True)
    provenance = Provenance(str(source), "key", 3_000, UNTRAINED, plan=(model,))
    job = EstimateJob(source=str(source))
    codec, _ = direct_codec(job, sampled.measured, provenance)
    assert fit_seconds(codec, sampled, job) == pytest.approx(8.0)
    many = replace(sampled, n_rows=1 << 30)
    assert fit_seconds(codec, many, job) > 1.5 * 8.0
    hurried = job.model_copy(update={"planner": job.planner.model_copy(update={"budget_s": 1.0})})
    assert fit_seconds(codec, many, hurried) < 8.0
