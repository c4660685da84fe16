"""Footers of encoded fragments, and of files that only look like them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.storage import Footer
from ae_pipeline.upkeep import footer_of

FOOTER = Footer("archive", "ab" * 10, "fingerprint", 60)


def write(path: Path, metadata: dict[str, str]) -> Path:
    """A Parquet file of one column with key-value metadata."""
    schema = pa.schema([("x", pa.int64())], metadata=metadata)
    pq.write_table(pa.table({"x": [1, 2, 3]}, schema=schema), path)
    return path


@pytest.mark.parametrize("checks_sizes", [True, False])
def test_an_encoded_fragment_has_its_footer(tmp_path: Path, checks_sizes: bool) -> None:
    """The footer that was written is the footer that is read."""
    path = write(tmp_path / "part-0.parquet", FOOTER.to_metadata())
    assert footer_of(path, checks_sizes=checks_sizes) == FOOTER


@pytest.mark.parametrize("checks_sizes", [True, False])
def test_other_files_have_none(tmp_path: Path, checks_sizes: bool) -> None:
    """A missing file, a folder, a foreign table and damaged files have no footer to trust."""
    foreign = write(tmp_path / "foreign.parquet", {})
    altered = write(tmp_path / "altered.parquet", {**FOOTER.to_metadata(), "ae:kind": "features"})
    truncated = write(tmp_path / "truncated.parquet", FOOTER.to_metadata())
    truncated.write_bytes(truncated.read_bytes()[:-20])
    for path in (tmp_path / "missing.parquet", tmp_path, foreign, altered, truncated):
        assert footer_of(path, checks_sizes=checks_sizes) is None
