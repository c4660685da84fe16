"""Files that another run replaces while they are read: one of the two, or an error; never both."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.cancellation import Pulse, using
from ae_pipeline.codec.archive import ArchiveCodec, save_archive_codec
from ae_pipeline.config.job import DecodeJob, EncodeJob, EstimateJob, VerifyJob
from ae_pipeline.dataset import (
    Fragment,
    discover,
    fingerprint,
    open_fragment,
    opened,
    pinned,
    read_records,
)
from ae_pipeline.errors import FragmentReplacedError, SourceChangedError
from ae_pipeline.formats import FragmentFormat, require_footer
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.fragments import decode_fragment, encode_fragment
from ae_pipeline.results.progress import ProgressEvent, silent
from ae_pipeline.storage import Footer, Marker, codec_directory
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import estimate, inspect, plan_decode, plan_verify, prepare_encode, verify
from tests.support.checks import assert_one_line
from tests.support.codec.archives import make_codec
from tests.support.data.datasets import read_table
from tests.support.jobs.attempts import for_each_fragment

NAME = "part-0.parquet"
N_ROWS = 300
QUICK = {"planner": {"learn": "never"}}


def numbers(start: float) -> pa.Table:
    """Return rows that show which version of the source they belong to."""
    values = start + np.arange(N_ROWS, dtype=np.float64) % 10
    return pa.table({"x": values, "origin": np.full(N_ROWS, start)})


@dataclass(frozen=True)
class SmallBlocks(ArchiveCodec):
    """A codec that writes several row groups of few rows."""

    @property
    def block_rows(self) -> int:
        """Rows of a full block."""
        return N_ROWS // 3


class Twins:
    """Two sources of one path and codec, an archive of each, and a second writer.

    Args:
        folder: everything lies in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source, self.archive = folder / "source", folder / "archive"

    def build(self) -> None:
        """Write them all."""
        codec = make_codec(numbers(0.0).schema, 0.0)
        for source, archive, start in (("source", "archive", 0.0), ("other", "newer", 1000.0)):
            (self.folder / source).mkdir()
            pq.write_table(numbers(start), self.folder / source / NAME, row_group_size=100)
            self._encode(codec, self.folder / source, self.folder / archive)

    def _encode(self, codec: ArchiveCodec, source: Path, archive: Path) -> None:
        own = {field.name: getattr(codec, field.name) for field in fields(codec)}
        format = ArchiveFormat(SmallBlocks(**own))
        save_archive_codec(codec, codec_directory(archive, codec.id))
        write_marker(archive, Marker("archive", codec.id))
        (fragment,) = discover(source).fragments
        footer = Footer("archive", codec.id, fingerprint(fragment), fragment.size_bytes)
        format.write(fragment, archive / NAME, footer, codec.schema.arrow)

    def replace_archive(self) -> None:
        """What another run does: a whole new file gets the name."""
        self._replace(self.folder / "newer", self.archive)

    def replace_source(self) -> None:
        """The same of the source."""
        self._replace(self.folder / "other", self.source)

    def _replace(self, newer: Path, dataset: Path) -> None:
        shutil.copy(newer / NAME, self.folder / "copy")
        os.replace(self.folder / "copy", dataset / NAME)


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    """Twins of a test's own."""
    twins = Twins(tmp_path)
    twins.build()
    return twins


class Hooked(Mapping[str, FragmentFormat]):
    """Formats; asking for one, after a footer was read, lets another run come in between."""

    def __init__(self, formats: Mapping[str, FragmentFormat], hook: Callable[[], None]) -> None:
        self._formats, self._hook = formats, hook

    def __getitem__(self, name: str) -> FragmentFormat:
        self._hook()
        return self._formats[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._formats)

    def __len__(self) -> int:
        return len(self._formats)


class Beat(Pulse):
    """A pulse whose first beat, at the first rows, is the other run's moment."""

    def __init__(self, hook: Callable[[], None]) -> None:
        super().__init__(threading.Event())
        self._hook: Callable[[], None] | None = hook

    def beat(self) -> None:
        """Once."""
        hook, self._hook = self._hook, None
        if hook is not None:
            hook()


def decode_job(twins: Twins) -> DecodeJob:
    """Decode beside the archive."""
    return DecodeJob(archive=str(twins.archive), decoded=str(twins.folder / "decoded"))


def test_replaced_between_footer_and_blocks(twins: Twins) -> None:
    """Decode says so, publishes nothing, and the next attempt gives the new file alone."""
    plan = plan_decode(decode_job(twins))
    formats = Hooked(plan.open_formats(), twins.replace_archive)
    with pytest.raises(FragmentReplacedError) as caught:
        decode_fragment(plan, formats, plan.fragments[0])
    assert_one_line(caught.value, "replaced while it was read", str(twins.archive), "run again")
    assert list((twins.folder / "decoded").glob("[!_]*")) == []
    decode_fragment(plan, plan.open_formats(), plan.fragments[0])
    assert set(read_table(twins.folder / "decoded" / NAME)["origin"].to_pylist()) == {1000.0}


def test_replaced_between_two_blocks(twins: Twins) -> None:
    """Row groups of two files are never put together."""
    plan = plan_decode(decode_job(twins))
    with using(Beat(twins.replace_archive)), pytest.raises(FragmentReplacedError):
        decode_fragment(plan, plan.open_formats(), plan.fragments[0])
    assert list((twins.folder / "decoded").glob("[!_]*")) == []


def test_the_failure_can_be_retried(twins: Twins) -> None:
    """Verify tells of it as trouble that may pass, not as damage; nothing is noted of the file."""
    plan = plan_verify(VerifyJob(archive=str(twins.archive)))
    formats = Hooked(plan.open_formats(), twins.replace_archive)
    outcome = for_each_fragment(
        plan.fragments,
        lambda fragment: decode_fragment(plan, formats, fragment),
        workers=1,
        stage="verify",
        progress=silent,
    )
    (failure,) = outcome.failures
    assert (failure.is_retriable, failure.is_damage) == (True, False)
    assert verify(VerifyJob(archive=str(twins.archive))).failures == ()


def test_a_source_that_is_replaced_while_it_is_compared(twins: Twins) -> None:
    """The archive is not blamed for values of another source."""
    plan = plan_verify(VerifyJob(archive=str(twins.archive), source=str(twins.source)))
    with using(Beat(twins.replace_source)), pytest.raises(FragmentReplacedError) as caught:
        decode_fragment(plan, plan.open_formats(), plan.fragments[0])
    assert str(twins.source) in caught.value.where


@pytest.mark.parametrize("is_in_place", [False, True])
def test_a_source_that_is_replaced_while_it_is_encoded(twins: Twins, is_in_place: bool) -> None:
    """Nothing is published, whether another file gets its name or its own bytes change."""
    job = EncodeJob(
        source=str(twins.source),
        archive=str(twins.archive),
        execution={"force": True},
    )
    plan = prepare_encode(job)
    before = (twins.archive / NAME).read_bytes()

    def overwrite() -> None:
        (twins.source / NAME).write_bytes((twins.folder / "other" / NAME).read_bytes())

    hook = overwrite if is_in_place else twins.replace_source
    with using(Beat(hook)), pytest.raises((FragmentReplacedError, SourceChangedError)):
        encode_fragment(plan, plan.open_formats(), plan.fragments[0])
    assert (twins.archive / NAME).read_bytes() == before


def test_estimate_reads_one_generation(twins: Twins) -> None:
    """A forecast is not made of two files of one name."""

    def listen(event: ProgressEvent) -> None:
        if event.stage == "measure" and event.done == event.total:
            twins.replace_source()

    job = EstimateJob(source=str(twins.source), tolerances=(0.01,), **QUICK)
    with pytest.raises(FragmentReplacedError):
        estimate(job, listen)
    assert estimate(job).n_rows == N_ROWS


def test_inspect_counts_one_generation(twins: Twins) -> None:
    """Rows and bytes are those of the same files."""
    (fragment,) = discover(twins.archive).fragments
    told = inspect(str(twins.archive)).bytes
    assert told is not None
    assert told.encoded_bytes == fragment.path.stat().st_size
    (own,) = map(pinned, discover(twins.archive).fragments)
    twins.replace_archive()
    with pytest.raises(FragmentReplacedError), open_fragment(own):
        pass


def test_footers_of_two_files_are_not_mixed_up(tmp_path: Path) -> None:
    """A file of the same size and time as the one before it is read by its own footer."""
    path, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    for place, value in ((path, 1), (other, 2)):
        pq.write_table(pa.table({"x": pa.array([value] * 8, pa.int64())}), place)
        os.utime(place, ns=(1, 1))
    assert path.stat().st_size == other.stat().st_size
    fragment = Fragment(path, "a.parquet", path.stat().st_size)
    with open_fragment(fragment) as file:
        first = file.metadata.row_group(0).column(0).statistics.max
    os.replace(other, path)
    with open_fragment(fragment) as file:
        assert (first, file.metadata.row_group(0).column(0).statistics.max) == (1, 2)


def test_an_open_file_is_read_to_its_end(twins: Twins) -> None:
    """Who has a file open goes on reading it, all row groups of it, whatever has its name now."""
    (fragment,) = map(pinned, discover(twins.source).fragments)
    batches = read_records(fragment, 100)
    first = next(batches)
    twins.replace_source()
    rows = pa.Table.from_batches([first, *batches])
    assert rows["origin"].to_pylist() == [0.0] * N_ROWS


def test_pinning_is_cheap_to_undo(twins: Twins) -> None:
    """A fragment without an identity is whatever is there; a pinned one is that file alone."""
    (fragment,) = discover(twins.source).fragments
    own, former = pinned(fragment), fingerprint(fragment)
    assert (own.size_bytes, fingerprint(own)) == (fragment.path.stat().st_size, former)
    twins.replace_source()
    with pytest.raises(FragmentReplacedError):
        fingerprint(own)
    assert fingerprint(replace(own, identity=None)) != former


def test_damage_by_a_writer_is_told_as_such(twins: Twins) -> None:
    """What a file that is being overwritten looks like is not reported as its damage."""
    (fragment,) = discover(twins.source).fragments

    def read() -> None:
        with opened(fragment):
            fragment.path.write_bytes(b"changed in place")
            raise ValueError("what damage would look like")

    with pytest.raises(FragmentReplacedError):
        read()


def test_every_block_of_a_coder_is_of_one_file(twins: Twins) -> None:
    """A coder that was asked for rows of a pinned fragment gives those or an error."""
    (fragment,) = map(pinned, discover(twins.archive).fragments)
    (format,) = plan_verify(VerifyJob(archive=str(twins.archive))).open_formats().values()
    with open_fragment(fragment) as file:
        footer = require_footer(file.metadata, fragment)
    rows = format.read(fragment, footer, 100)
    assert set(next(rows)["origin"].to_pylist()) == {0.0}
    twins.replace_archive()
    with pytest.raises(FragmentReplacedError):
        list(rows)
