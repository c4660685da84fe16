"""Recognise exhausted memory: libraries report it in many ways, some of which look like damage."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from ae_pipeline.errors import AePipelineError, OutOfMemoryError

#: The most causes to follow; chains can be rings.
_LONGEST_CHAIN = 20
_NO_MEMORY = (
    "not enough memory",
    "cannot allocate memory",
    "out of memory",
    "can't start new thread",
    "bad_alloc",
    "failed to map segment",
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or a cause of it, says that memory ran out."""
    for _ in range(_LONGEST_CHAIN):
        if error is None:
            return False
        if isinstance(error, MemoryError) or _says_so(error):
            return True
        error = error.__cause__ or error.__context__
    return False


@contextmanager
def memory_errors(where: str) -> Iterator[None]:
    """Turn any error of exhausted memory into `OutOfMemoryError`; `where` is a path or step."""
    try:
        yield
    except OutOfMemoryError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise out_of_memory(where) from error
        raise


def out_of_memory(where: str) -> OutOfMemoryError:
    """Return the error for exhausted memory; `where` is a path or step."""
    return OutOfMemoryError(
        "not enough memory",
        where=where,
        remedy="run again with fewer workers (execution.workers, --workers) or more memory; no "
        "file is to blame",
    )


def _says_so(error: BaseException) -> bool:
    """Whether its number says so, or else its words; this package's errors quote their causes."""
    if isinstance(error, AePipelineError):
        return False
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno == errno.ENOMEM
    text = str(error).lower()
    return any(phrase in text for phrase in _NO_MEMORY)
