"""Fragments by name: those that a listing finds, and nothing outside the dataset."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline.dataset import discover, find_named
from ae_pipeline.errors import ConfigError
from tests.support.data.datasets import number_tree


def test_named_fragments_are_listed_ones(tmp_path: Path) -> None:
    """All names give what a listing gives; a name that comes twice counts once."""
    root = number_tree(tmp_path / "source")
    listed = discover(root)
    names = [fragment.relative for fragment in listed.fragments]
    found = find_named(str(root), [*names, names[0]])
    assert (found.root, found.fragments, found.folders) == (
        listed.root,
        listed.fragments,
        listed.folders,
    )


def test_a_single_file_has_its_name(tmp_path: Path) -> None:
    """A dataset of one file is found by the name that a listing gives it."""
    path = number_tree(tmp_path / "source") / "day=1/p.parquet"
    found = find_named(str(path), ["p.parquet"])
    assert (found.fragments, found.is_single_file) == (discover(path).fragments, True)
    (path.parent / "q.parquet").write_bytes(path.read_bytes())
    with pytest.raises(ConfigError, match="not the name of a file of a dataset"):
        find_named(str(path), ["q.parquet"])


def test_a_missing_file_is_a_fragment(tmp_path: Path) -> None:
    """What is gone is found out where it is read, so that the others go on."""
    (fragment,) = find_named(str(number_tree(tmp_path / "source")), ["day=3/p.parquet"]).fragments
    assert fragment.size_bytes == 0


@pytest.mark.parametrize(
    "name",
    ["", ".", "/etc/x.parquet", "../x.parquet", "a/../../x", "a//b", "_ae/x.parquet", ".x", "a\0b"],
)
def test_names_do_not_lead_out(name: str, tmp_path: Path) -> None:
    """A name outside the dataset, or hidden in it, is refused."""
    with pytest.raises(ConfigError, match="not the name of a file of a dataset"):
        find_named(str(tmp_path), [name])
