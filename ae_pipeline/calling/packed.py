"""One table as bytes: the files of its archive, in a zip that compresses nothing again.

Unpacked, by us or by any program, they are an archive as every verb writes and reads it.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any, TypeAlias  # Any: settings have values of many types

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline import verbs
from ae_pipeline.calling.frames import FRAME_FILE
from ae_pipeline.calling.jobs import Place, job_of
from ae_pipeline.config.job import CompressJob
from ae_pipeline.errors import CorruptFragmentError, FragmentsFailedError
from ae_pipeline.reading import open as open_dataset
from ae_pipeline.results.progress import Progress

Packed: TypeAlias = bytes | bytearray | memoryview

_WHERE = "packed table"
#: What `zipfile` and Arrow say to bytes that are no zip of ours, or damaged.
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


def packed(
    folder: str, config: Place | None, settings: dict[str, Any], progress: Progress
) -> bytes:
    """Return a table of one file as bytes, read back and compared with it.

    A table without rows stays plain Parquet: there is nothing that a codec could be fitted to.

    Args:
        folder: that holds a frame.
        config: job file that the settings override.
        settings: keys of a job file.
        progress: called after every step.

    Raises:
        AePipelineError: the table or a setting cannot be used.
    """
    with tempfile.TemporaryDirectory(prefix="ae-pipeline-") as outer:
        archive = Path(outer) / "archive"
        job = job_of(CompressJob, {"source": folder, "archive": archive}, config, settings)
        if not pq.read_metadata(Path(folder) / FRAME_FILE).num_rows:
            return pack(Path(folder))
        for failure in verbs.compress(job, progress).failures:
            raise FragmentsFailedError("the table was not compressed", got=failure.message)
        return pack(archive)


def unpacked(content: Packed) -> pa.Table:
    """Return the table of `packed`.

    Raises:
        CorruptFragmentError: the bytes are no such table, or damaged.
    """
    with tempfile.TemporaryDirectory(prefix="ae-pipeline-") as outer:
        folder = Path(outer)
        try:
            unpack(content, folder)
            if list(folder.iterdir()) == [folder / FRAME_FILE]:
                return pq.read_table(folder / FRAME_FILE)
        except _DAMAGE as error:
            raise CorruptFragmentError(
                "no packed table, or a damaged one", where=_WHERE, got=str(error)
            ) from error
        return open_dataset(folder).to_table()


def pack(folder: Path) -> bytes:
    """Return the files of a folder as a zip; the same files give the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as files:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = path.relative_to(folder).as_posix()
            files.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return content.getvalue()


def unpack(content: Packed, folder: Path) -> None:
    """Write the files of `pack` below a folder; none can lead out of it.

    Raises:
        zipfile.BadZipFile: they are not as long as they say, or their checksums are wrong.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        # A small zip of huge files would fill the disk.
        if sum(one.file_size for one in files.infolist()) > len(content):
            raise zipfile.BadZipFile("files are longer than the whole")
        files.extractall(folder)
