"""Fingerprints: stable where the fragment is the same, others where it is not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.dataset import Fragment, discover, fingerprint
from tests.support.tables import fragment_at, numbers_table, write_fragment


@pytest.fixture
def fragment(tmp_path: Path) -> Fragment:
    """A fragment in a dataset of its own."""
    write_fragment(tmp_path / "data" / "day=1" / "part-0.parquet", numbers_table(500))
    return discover(tmp_path / "data").fragments[0]


def test_fingerprint_is_stable(fragment: Fragment, tmp_path: Path) -> None:
    """Reading again, touching and copying the dataset elsewhere leave the fingerprint alone."""
    before = fingerprint(fragment)
    os.utime(fragment.path, (1, 1))
    assert fingerprint(fragment) == before
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    assert fingerprint(discover(tmp_path / "copy").fragments[0]) == before
    assert len(before) == 32
    assert int(before, 16) >= 0


def test_fingerprint_knows_the_path(fragment: Fragment) -> None:
    """The same file at another place in the dataset is another fragment."""
    moved = Fragment(fragment.path, "day=2/part-0.parquet", fragment.size_bytes)
    assert fingerprint(moved) != fingerprint(fragment)


def test_fingerprint_knows_the_content(fragment: Fragment) -> None:
    """Other values, one other value, other rows and one more byte are other fragments."""
    table = numbers_table(500)
    one_other = table.set_column(1, "a", pa.array([99.0, *table["a"].to_pylist()[1:]]))
    seen = {fingerprint(fragment)}
    for other in (numbers_table(500, seed=1), one_other, table.slice(1)):
        pq.write_table(other, fragment.path)
        seen.add(fingerprint(fragment))
    fragment.path.write_bytes(fragment.path.read_bytes() + b"\0")
    seen.add(fingerprint(fragment))
    assert len(seen) == 5


def test_fingerprint_of_a_large_file(tmp_path: Path) -> None:
    """Of a large file the ends, the footer and pages between them are read."""
    n_bytes = 1 << 20
    footer = b"f" * 1000 + (1000).to_bytes(4, "little") + b"PAR1"
    path = tmp_path / "a.parquet"
    seen = set()
    for place in (None, 0, n_bytes // 2, n_bytes - 1, n_bytes + 500):
        content = bytearray(b"x" * n_bytes + footer)
        if place == n_bytes // 2:
            content[place - n_bytes // 15 : place + n_bytes // 15] = b"y" * (2 * (n_bytes // 15))
        elif place is not None:
            content[place] = ord("y")
        path.write_bytes(content)
        seen.add(fingerprint(fragment_at(path)))
    assert len(seen) == 5


@pytest.mark.parametrize("content", [b"", b"P", b"PAR1", b"\xff" * 8, b"\xff" * 12])
def test_fingerprint_of_a_stub(tmp_path: Path, content: bytes) -> None:
    """A file shorter than its footer claims has a fingerprint; reading it tells what is wrong."""
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    assert len(fingerprint(fragment_at(path))) == 32
