"""Compare: store a sample in several formats and as an archive, and measure each."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.comparing.peers import PEERS, Peer
from ae_pipeline.config.job import CompareJob, EncodeJob
from ae_pipeline.dataset import (
    RowGroup,
    discover,
    list_row_groups,
    read_records,
    readable,
    typical_schema,
)
from ae_pipeline.errors import EmptySourceError
from ae_pipeline.fitting import spread_row_groups
from ae_pipeline.lake import visiting_places
from ae_pipeline.reading import open as open_dataset
from ae_pipeline.results.comparison import ComparedFormat, Comparison
from ae_pipeline.results.progress import Progress, ProgressEvent, silent
from ae_pipeline.verbs import encode

logger = logging.getLogger(__name__)

_Made = TypeVar("_Made")
_BATCH_ROWS = 1 << 16
_OURS = "ae-pipeline"


@visiting_places
def compare(job: CompareJob, progress: Progress = silent) -> Comparison:
    """Store evenly spread rows of a source in every format, exactly and within the tolerance.

    Formats that keep every bit also hold the rows as an archive decodes them: what rounding alone
    would gain.

    Raises:
        AePipelineError: the source or the settings cannot be used.
    """
    source, _ = readable(discover(job.source))
    groups = list_row_groups(source.fragments)
    n_rows = sum(group.n_rows for group in groups)
    sample = _sample(groups, typical_schema(source), job)
    with tempfile.TemporaryDirectory(prefix="ae-pipeline-") as folder:
        measured = _Measuring(Path(folder), sample, progress)
        ours, decoded, fit_s, model_bytes = measured.ours(job)
        exact = measured.peers(PEERS, sample, is_exact=True)
        rounded = [] if ours.is_exact else measured.peers(PEERS, decoded, is_exact=False)
    there = round(source.size_bytes * len(sample) / n_rows)
    formats = [ComparedFormat("the files as they are", there, True, None, None), *exact, *rounded]
    return Comparison(
        source=job.source,
        n_rows=n_rows,
        n_sampled=len(sample),
        arrow_bytes=sample.nbytes,
        formats=tuple(sorted([*formats, ours], key=lambda one: one.n_bytes)),
        model_bytes=model_bytes,
        fit_s=fit_s,
    )


class _Measuring:
    """Stores tables below a folder and measures.

    Args:
        folder: for files, which may be removed afterwards.
        sample: rows to store.
        progress: called before each format.
    """

    def __init__(self, folder: Path, sample: pa.Table, progress: Progress) -> None:
        self._folder, self._sample, self._progress = folder, sample, progress

    def ours(self, job: CompareJob) -> tuple[ComparedFormat, pa.Table, float, int]:
        """Encode the sample; return it measured, decoded, the seconds of fitting, the model."""
        source, archive = self._folder / "source", self._folder / "archive"
        source.mkdir()
        pq.write_table(self._sample, source / "part-0.parquet")
        settings = job.model_dump(exclude={"source", "archive", "rows", "stores", "features"})
        own = EncodeJob(**settings, source=str(source), archive=str(archive))
        started = time.monotonic()
        report = encode(own, self._progress)
        fit_s = time.monotonic() - started
        again = own.model_copy(
            update={"execution": own.execution.model_copy(update={"force": True, "workers": 1})}
        )
        _, write_s = _timed(lambda: encode(again))
        decoded, read_s = _timed(lambda: open_dataset(archive).to_table())
        n_bytes = sum(one.stat().st_size for one in archive.rglob("*") if one.is_file())
        is_exact = _same(decoded, self._sample)
        ours = ComparedFormat(_OURS, n_bytes, is_exact, write_s, read_s, is_ours=True)
        return ours, decoded, fit_s, report.bytes.model_bytes

    def peers(
        self, peers: Sequence[Peer], table: pa.Table, *, is_exact: bool
    ) -> list[ComparedFormat]:
        """Return the formats that can hold a table."""
        found = []
        for number, peer in enumerate(peers):
            self._progress(ProgressEvent("compare", number, len(peers), peer.name))
            one = self._peer(peer, table, is_exact=is_exact)
            found += [] if one is None else [one]
        return found

    def _peer(self, peer: Peer, table: pa.Table, *, is_exact: bool) -> ComparedFormat | None:
        path = self._folder / "file"
        try:
            _, write_s = _timed(lambda: peer.write(table, path))
            _, read_s = _timed(lambda: peer.read(path))
        except (pa.ArrowException, TypeError, ValueError) as error:
            logger.info("%s cannot hold these columns: %s", peer.name, error)
            return None
        name = peer.name if is_exact else f"{peer.name}, rounded"
        return ComparedFormat(name, path.stat().st_size, is_exact, write_s, read_s)


def _sample(groups: Sequence[RowGroup], schema: pa.Schema, job: CompareJob) -> pa.Table:
    """Return rows of evenly spread row groups, as many of each."""
    chosen = spread_row_groups(groups, job.rows)
    if not chosen:
        raise EmptySourceError("no rows", where=job.source, expected="at least one row")
    share = max(1, job.rows // len(chosen))
    batches = [batch for group in chosen for batch in _first(group, share)]
    return pa.concat_tables(
        [pa.Table.from_batches([one]) for one in batches], promote_options="permissive"
    ).combine_chunks()


def _first(group: RowGroup, n_rows: int) -> Iterator[pa.RecordBatch]:
    for batch in read_records(group.fragment, _BATCH_ROWS, None, [group.index]):
        yield batch.slice(0, n_rows)
        n_rows -= len(batch)
        if n_rows <= 0:
            return


def _same(one: pa.Table, other: pa.Table) -> bool:
    """Whether two tables are the same bit for bit, NaN among them."""
    return all(
        _bits(mine).equals(_bits(theirs))
        for mine, theirs in zip(one.columns, other.columns, strict=True)
    )


def _bits(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_floating(column.type):
        return column
    whole = {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}[column.type.bit_width]
    return pa.chunked_array([chunk.view(whole) for chunk in column.chunks], whole)


def _timed(act: Callable[[], _Made]) -> tuple[_Made, float]:
    """Return what a call makes, and its CPU-seconds."""
    started = time.process_time()
    return act(), time.process_time() - started
