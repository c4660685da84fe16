"""Names of live files: read by the project as the log's partitions, all different, and stable."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.dataset import Fragment, partition_values
from ae_pipeline.lake.folders import relative_names
from ae_pipeline.lake.snapshot import LiveFile

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)


@given(st.dictionaries(TEXTS, st.none() | TEXTS, max_size=4))
def test_names_read_as_the_values_of_the_log(values: dict[str, str | None]) -> None:
    """Whatever a column or its value is called, the folders give it back, and are none but its."""
    (name,) = relative_names([LiveFile(Path("/t/p.parquet"), tuple(values.items()))])
    assert partition_values(Fragment(Path("/"), name, 0)) == values
    assert name.count("/") == len(values)


def test_files_of_one_name_are_told_apart() -> None:
    """Two files that would be one are both named with digests of their paths."""
    files = [LiveFile(Path(f"/t/{folder}/p.parquet"), (("a", "1"),)) for folder in "xy"]
    names = relative_names([*files, LiveFile(Path("/t/q.parquet"), (("a", "1"),))])
    assert len(set(names)) == 3
    assert names[2] == "a=1/q.parquet"
    assert names[0].endswith("-p.parquet")
    assert relative_names(files[::-1]) == names[1::-1]


def test_no_name_is_hidden() -> None:
    """A file that readers of datasets would skip gets another beginning."""
    for name in ("_p.parquet", ".p.parquet"):
        assert relative_names([LiveFile(Path("/t") / name, ())]) == [f"live{name}"]
