"""Footers of encoded fragments that may be missing, damaged or written by another program."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.errors import AePipelineError
from ae_pipeline.out_of_memory import is_out_of_memory, out_of_memory
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.storage import Footer, read_footer


def footer_of(path: Path, *, checks_sizes: bool = True) -> Footer | None:
    """Return the footer of an encoded fragment, or None if there is none to trust.

    Args:
        path: of the file, which need not exist.
        checks_sizes: distrust a file whose column sizes cannot be read: encode, which leaves a
            current file alone, reports its sizes.

    Raises:
        OutOfMemoryError: there was not enough memory, which says nothing of the file.
    """
    try:
        with path.open("rb") as file:
            if checks_sizes:
                leaf_sizes(file)
            return read_footer(pq.read_metadata(file), str(path))
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
