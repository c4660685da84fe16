"""A folder of decoded tables holds one extract of one dataset; another one is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.errors import DestinationExistsError
from ae_pipeline.storage import private_folder
from ae_pipeline.verbs import decode, encode
from tests.support.checks import assert_one_line
from tests.support.data.datasets import number_tree

NEVER: dict[str, Any] = {"planner": {"learn": "never"}}
COLUMNS = ("a", "b", "n")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of two days of numbers, in two row groups each."""
    number_tree(tmp_path / "source")
    encode(EncodeJob(source=str(tmp_path / "source"), archive=str(tmp_path / "archive"), **NEVER))
    return tmp_path / "archive"


def run(archive: Path, force: bool = False, **selection: Any) -> list[str]:
    """Decode beside the archive; the columns of the first day then."""
    dest = archive.parent / "decoded"
    execution = {"force": force}
    job = {"archive": str(archive), "selection": selection, "execution": execution}
    decode(DecodeJob(decoded=str(dest), **job))
    return list(pq.read_schema(dest / "day=1" / "p.parquet").names)


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ({"columns": ["a"]}, {"columns": ["b"]}, ("other columns", "expected a, got b")),
        ({"columns": ["a"]}, {"columns": ["a", "b"]}, ("other columns", "expected a, got a, b")),
        ({"columns": ["a"]}, {}, ("other columns", "expected a, got all")),
        ({}, {"columns": ["n"]}, ("other columns", "expected all, got n")),
        ({"row_groups": [0]}, {}, ("other row groups", "expected 0, got all")),
    ],
)
def test_another_extract_is_refused(
    first: dict[str, Any], then: dict[str, Any], words: tuple[str, ...], archive: Path
) -> None:
    """Other columns and row groups are named, nothing is touched; force writes over them."""
    columns = run(archive, **first)
    with pytest.raises(DestinationExistsError) as caught:
        run(archive, **then)
    assert_one_line(caught.value, str(archive.parent / "decoded"), *words, "--force")
    expected = list(then.get("columns", COLUMNS))
    assert run(archive, **first) == columns
    assert run(archive, force=True, **then) == expected
    assert run(archive, **then) == expected


def test_the_same_extract_in_other_words_is_fine(archive: Path) -> None:
    """Patterns, their order and other partitions do not matter."""
    run(archive, columns=["a", "b"])
    run(archive, columns=["[ab]"])
    assert run(archive, columns=["b", "a"], partitions=["day=1"]) == ["a", "b"]
    run(archive, force=True)
    run(archive, columns=["*"])
    run(archive, columns=list(COLUMNS), partitions=["day=2"])


def test_another_archive_is_refused(archive: Path) -> None:
    """Tables of two archives are not mixed; a link to the same one is no other."""
    run(archive, partitions=["day=1"])
    link = archive.parent / "link"
    link.symlink_to(archive)
    run(link, partitions=["day=2"])
    other = archive.parent / "other"
    encode(EncodeJob(source=str(archive.parent / "source"), archive=str(other), **NEVER))
    with pytest.raises(DestinationExistsError) as caught:
        run(other)
    assert_one_line(caught.value, "tables of another dataset", str(archive), str(other), "--force")
    run(other, force=True)


def test_marker_of_a_former_release(archive: Path) -> None:
    """Where the marker does not say what was decoded, decode goes on and says it from then on."""
    run(archive, columns=["a"])
    marker = private_folder(archive.parent / "decoded") / "dataset.json"
    tree = json.loads(marker.read_text())
    assert tree.pop("extract") == {
        "encoded": str(archive),
        "columns": ["a"],
        "row_groups": None,
    }
    marker.write_text(json.dumps(tree))
    assert run(archive, columns=["b"]) == ["b"]
    with pytest.raises(DestinationExistsError):
        run(archive, columns=["a"])
