"""Files that are checked once more before they are published: one publication inside another."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ae_pipeline.errors import UnwritableDestinationError
from ae_pipeline.publish import is_temporary, publish_bytes, publishing


def test_file_appears_when_it_is_checked(tmp_path: Path) -> None:
    """What is written under a temporary name is whole there, and not yet where it is to be."""
    path = tmp_path / "part-0.parquet"
    with publishing(path) as whole:
        publish_bytes(whole, b"content")
        assert os.listdir(tmp_path) == [whole.name]
        assert is_temporary(whole.name)
    assert os.listdir(tmp_path) == [path.name]
    assert path.read_bytes() == b"content"


def test_file_that_does_not_pass_is_gone(tmp_path: Path) -> None:
    """If the check fails nothing is left, and what was there stays."""
    path = tmp_path / "part-0.parquet"
    publish_bytes(path, b"former")

    def check() -> None:
        with publishing(path) as whole:
            publish_bytes(whole, b"content")
            raise KeyError

    with pytest.raises(KeyError):
        check()
    assert os.listdir(tmp_path) == [path.name]
    assert path.read_bytes() == b"former"


def test_names_do_not_grow(tmp_path: Path) -> None:
    """Both temporary names are as long as one, so that long names stay possible."""
    path = tmp_path / ("x" * 240)
    with publishing(path) as outer, publishing(outer) as inner:
        assert len(inner.name) == len(outer.name)
        assert inner.name != outer.name
        inner.write_bytes(b"content")
    assert path.exists()


def test_errors_name_the_file_itself(tmp_path: Path) -> None:
    """A refusal names the file that was to be written, not a temporary one."""
    path = tmp_path / "part-0.parquet"

    def write() -> None:
        with publishing(path) as whole:
            whole.mkdir()
            try:
                publish_bytes(whole, b"content")
            finally:
                whole.rmdir()

    with pytest.raises(UnwritableDestinationError) as caught:
        write()
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".part-0.parquet.0123abcd.tmp", True),
        (".a.b.0123abcd.tmp", True),
        ("part-0.parquet.0123abcd.tmp", False),
        (".part-0.parquet.0123ABCD.tmp", False),
        (".part-0.parquet.tmp", False),
        (".0123abcd.tmp", False),
        (".part-0.parquet", False),
    ],
)
def test_temporary_names(name: str, expected: bool) -> None:
    """Only names that publishing gives are taken for those of half files."""
    assert is_temporary(name) == expected
