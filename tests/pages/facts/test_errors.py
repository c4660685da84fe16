"""Errors that the page shows: those of numbers, of a run or of a table that decode left."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.pages.facts.errors import errors_of_report, errors_of_table
from ae_pipeline.storage import metrics_file
from ae_pipeline.verbs import decode, encode


def test_categories_have_no_errors_of_numbers(tmp_path: Path) -> None:
    """A column of categories is not among the errors, so that no wrong value reads as 0."""
    source, features, decoded = (str(tmp_path / name) for name in ("source", "features", "decoded"))
    Path(source).mkdir()
    table = pa.table({"x": [float(n) for n in range(200)], "kind": ["a", "b"] * 100})
    pq.write_table(table, Path(source) / "a.parquet")
    settings = {"columns": {"learn": "all"}, "training": {"epochs": 1}}
    encode(EncodeJob(source=source, features=features, **settings))
    report = decode(DecodeJob(source=source, features=features, decoded=decoded))
    assert report.features == ("x", "kind")
    for errors in (errors_of_report(report), errors_of_table(metrics_file(Path(decoded)))):
        assert errors is not None
        assert {one.column for one in (*errors.parts, *errors.totals)} == {"x"}
