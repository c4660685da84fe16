"""The page of whole tables says where it was measured, and begins with the short table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.tables.generated import GENERATED
from benchmarks.tables.page import page


def test_the_page_begins_with_whole_tables(tmp_path: Path) -> None:
    """The page names its machine and shows the short table first, for both tolerances."""
    made = GENERATED["keys"](np.random.default_rng(0), 300)
    pq.write_table(made.table, tmp_path / "small.parquet")
    text = page([tmp_path / "small.parquet"], ["best Parquet"])
    assert text.index("**Whole tables**") < text.index("python -m benchmarks.table")
    assert "| small.parquet, exact |" in text
    assert "| small.parquet, 1 % |" in text
