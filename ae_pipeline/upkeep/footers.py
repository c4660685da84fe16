"""Footers of encoded fragments that may be missing, damaged or written by another program."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.errors import AePipelineError, StoreError
from ae_pipeline.out_of_memory import is_out_of_memory, out_of_memory
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.storage import Footer, footer_of_keys, read_footer
from ae_pipeline.store import open_end, recall, remember


def footer_of(path: Path, *, checks_sizes: bool = True) -> Footer | None:
    """Return the footer of an encoded fragment, or None if there is none to trust.

    Args:
        path: of the file, which need not exist.
        checks_sizes: distrust a file whose column sizes cannot be read: encode, which leaves a
            current file alone, reports its sizes.

    Raises:
        OutOfMemoryError: there was not enough memory, which says nothing of the file.
        StoreError: the object store does not answer.
    """
    try:
        return _known_footer(path) or _read_footer(path, checks_sizes=checks_sizes)
    except StoreError:  # which says nothing of the file either
        raise
    except (
        MemoryError,
        OSError,
        pa.ArrowException,
        AePipelineError,
        KeyError,
        ValueError,
    ) as error:
        if is_out_of_memory(error):
            raise out_of_memory(str(path)) from error
        return None


def note_footer(path: Path, footer: Footer | None) -> None:
    """Remember the footer of a file that was just published, if it lies in an object store."""
    if footer is not None:
        remember(path, "footer", json.dumps(footer.to_metadata()))


def _known_footer(path: Path) -> Footer | None:
    """Return the footer of an object whose version was looked at before."""
    known = recall(path, "footer")
    return None if known is None else footer_of_keys(json.loads(known), str(path))


def _read_footer(path: Path, *, checks_sizes: bool) -> Footer | None:
    with open_end(path) as file:
        if checks_sizes:
            leaf_sizes(file)
        found = read_footer(pq.read_metadata(file), str(path))
    if checks_sizes:
        note_footer(path, found)
    return found
