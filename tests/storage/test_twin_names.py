"""Names that the source tells apart and the destination may not."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import NameCollisionError, UnwritableDestinationError
from ae_pipeline.storage.twin_names import _are_one, check_distinct_names, twin_names
from ae_pipeline.verbs import compress, decode, encode, verify
from tests.support.checks import assert_one_line
from tests.support.datasets import mixed_table, write_tree

QUICK = {"planner": {"learn": "never"}}
LOWER, UPPER = "c=de/part-0.parquet", "c=DE/part-0.parquet"
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two countries that differ in case."""
    return write_tree(tmp_path / "source", {LOWER: mixed_table(0, 40), UPPER: mixed_table(1, 40)})


def fragments(*relatives: str) -> list[Fragment]:
    """Fragments of these paths."""
    return [Fragment(Path(relative), relative, 0) for relative in relatives]


@pytest.mark.parametrize(
    ("relatives", "expected"),
    [
        (["a/x", "A/x"], [(".", "A", "a")]),
        (["a/x", "A/y"], [(".", "A", "a")]),
        (["k/a/x", "k/A/y"], [("k", "A", "a")]),
        (["k/a", "K/a", "k/A"], [(".", "K", "k"), ("k", "A", "a")]),
        (["stra\u00dfe", "STRASSE"], [(".", "STRASSE", "stra\u00dfe")]),
        (["caf\u00e9", "cafe\u0301"], [(".", "cafe\u0301", "caf\u00e9")]),
        (["\u212b", "\u00c5"], [(".", "\u00c5", "\u212b")]),
        (["a.", "a"], [(".", "a", "a.")]),
        (["a/x", "b/x", "a/y"], []),
        ([], []),
    ],
)
def test_twins_are_found(relatives: list[str], expected: list[tuple[str, str, str]]) -> None:
    """Files and folders whose names differ in case, spelling or a dot at the end, by folder."""
    assert sorted(twin_names(relatives)) == sorted(expected)


@given(names)
def test_every_spelling_of_a_name_is_a_twin(name: str) -> None:
    """Upper, lower and folded case and all normal forms are taken for one name."""
    forms = {form(name) for form in (str.lower, str.upper, str.casefold, str.swapcase)}
    forms |= {unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    for form in forms - {name}:
        assert list(twin_names([name, form])) == [(".", *sorted([name, form]))]


def test_where_names_are_told_apart_all_works(source: Path, tmp_path: Path) -> None:
    """On a file system that tells case apart both partitions are encoded and decoded."""
    archive, decoded = tmp_path / "archive", tmp_path / "decoded"
    encode(EncodeJob(source=str(source), archive=str(archive), **QUICK))
    assert verify(VerifyJob(archive=str(archive), source=str(source))).failures == ()
    report = decode(DecodeJob(archive=str(archive), decoded=str(decoded), source=str(source)))
    assert (report.n_written, report.failures) == (2, ())
    assert not list(tmp_path.rglob("*.tmp"))


def test_where_they_are_not_nothing_is_written(source: Path, folding_disk: Path) -> None:
    """One file system more and the run is refused by name, before it makes anything."""
    before = {path: path.read_bytes() for path in source.rglob("*.parquet")}
    job = CompressJob(
        source=str(source),
        archive=str(folding_disk / "archive"),
        retention={"delete_source": "after_verify"},
        **QUICK,
    )
    with pytest.raises(NameCollisionError) as caught:
        compress(job)
    assert_one_line(caught.value, "c=DE and c=de", str(folding_disk), "rename one")
    assert {path: path.read_bytes() for path in source.rglob("*.parquet")} == before
    assert list(folding_disk.iterdir()) == []


def test_what_is_there_already_counts(source: Path, folding_disk: Path) -> None:
    """A later night's name is held against those of the nights before, whose sources are gone."""
    archive = folding_disk / "archive"
    job = CompressJob(
        source=str(source),
        archive=str(archive),
        retention={"delete_source": "after_verify"},
        **QUICK,
    )
    late = source / UPPER
    late.rename(source.parent / "late")
    assert compress(job).retired == (LOWER,)
    late.parent.mkdir(exist_ok=True)
    (source.parent / "late").rename(late)
    before = (archive / LOWER).read_bytes()
    with pytest.raises(NameCollisionError):
        compress(job)
    assert (archive / LOWER).read_bytes() == before
    assert late.exists()


def test_decoding_to_such_a_file_system(source: Path, tmp_path: Path, folding_disk: Path) -> None:
    """Decode refuses it as well, and does what it can with one of the two."""
    archive = tmp_path / "archive"
    encode(EncodeJob(source=str(source), archive=str(archive), **QUICK))
    job = {"archive": str(archive), "decoded": str(folding_disk / "decoded")}
    with pytest.raises(NameCollisionError):
        decode(DecodeJob(**job))
    assert list(folding_disk.iterdir()) == []
    report = decode(DecodeJob(**job, selection={"partitions": ["c=de"]}))
    assert report.failures == ()


def test_files_that_differ_in_case(tmp_path: Path, folding_disk: Path) -> None:
    """File names count as folders do; names that differ otherwise are no trouble."""
    check_distinct_names(
        folding_disk, fragments("d/a.parquet", "d/b.parquet", "d/a", "e/A.parquet")
    )
    with pytest.raises(NameCollisionError):
        check_distinct_names(folding_disk, fragments("d/a.parquet", "d/A.parquet"))
    check_distinct_names(tmp_path, fragments("d/a.parquet", "d/A.parquet"))
    long = "x" * 240
    with pytest.raises(NameCollisionError):
        check_distinct_names(folding_disk, fragments(long, long.upper()))
    check_distinct_names(tmp_path, fragments(long, long.upper()))


def test_trying_leaves_nothing(tmp_path: Path) -> None:
    """The names are tried under temporary ones, which are gone afterwards."""
    assert not _are_one(tmp_path, "a", "A")
    assert _are_one(tmp_path, "a", "a")
    assert list(tmp_path.iterdir()) == []
    shutil.rmtree(tmp_path)
    with pytest.raises(UnwritableDestinationError):
        _are_one(tmp_path, "a", "A")
