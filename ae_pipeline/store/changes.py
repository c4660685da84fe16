"""Change objects: each request leaves a whole object, or the former one."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any  # obstore's modes and answers

from ae_pipeline.errors import (
    DestinationExistsError,
    FragmentReplacedError,
    StoreUnavailableError,
)
from ae_pipeline.store.faults import faults, retried
from ae_pipeline.store.mirror import Entry, Mirror, quoted

#: Larger files go in parts, which become an object when the last of them has arrived.
_SINGLE_BYTES = 1 << 26
_PART_BYTES = 1 << 24
_MOST_PARTS = 9_999


def put(mirror: Mirror, key: str, file: str, *, unless_changed: bool = False) -> None:
    """Publish a local file under a key.

    Args:
        mirror: of the bucket.
        key: to publish under.
        file: path of the finished file.
        unless_changed: only if the object is still the one that was listed, or still absent.

    Raises:
        DestinationExistsError: somebody else has changed it, and `unless_changed`.
        StoreError: it cannot be written.
    """
    size_bytes = os.path.getsize(file)
    if unless_changed:
        etag = _put_if_unchanged(mirror, key, Path(file).read_bytes())
    else:
        etag = _put(mirror, key, Path(file), size_bytes)
    mirror.note(key, Entry(quoted(etag), size_bytes, time.time_ns()))


def _put(mirror: Mirror, key: str, file: Path, size_bytes: int) -> str | None:
    import obstore  # noqa: PLC0415, of an extra

    is_single = size_bytes <= _SINGLE_BYTES
    with faults(mirror.uri(key)):
        made: Any = obstore.put(
            mirror.client,
            key,
            file.read_bytes() if is_single else file,
            use_multipart=not is_single,
            chunk_size=max(_PART_BYTES, -(-size_bytes // _MOST_PARTS)),
            max_concurrency=4,
        )
    etag: str | None = made["e_tag"]
    return etag


def _put_if_unchanged(mirror: Mirror, key: str, content: bytes) -> str | None:
    """Write unless somebody else has; an answer may be lost although the object was written."""
    import obstore  # noqa: PLC0415, of an extra

    mode = _mode(mirror.entries.get(key))

    def request() -> str | None:
        try:
            with faults(mirror.uri(key)):
                made: Any = obstore.put(mirror.client, key, content, mode=mode)
            etag: str | None = made["e_tag"]
            return etag
        except (FileExistsError, FragmentReplacedError, StoreUnavailableError) as error:
            is_own, etag = _is_there(mirror, key, content)
            if is_own:
                return etag
            if isinstance(error, StoreUnavailableError):
                raise
            raise _changed(mirror.uri(key)) from error

    return retried(request)


def _mode(entry: Entry | None) -> Any:
    return "create" if entry is None or entry.etag is None else {"e_tag": entry.etag}


def _is_there(mirror: Mirror, key: str, content: bytes) -> tuple[bool, str | None]:
    """Whether an object exists and has this content, and its ETag."""
    import obstore  # noqa: PLC0415, of an extra

    try:
        with faults(mirror.uri(key)):
            answer = obstore.get(mirror.client, key)
            return bytes(answer.bytes()) == content, answer.meta.get("e_tag")
    except FileNotFoundError:
        return False, None


def delete(mirror: Mirror, key: str) -> None:
    """Delete an object, if it exists; `StoreError` if it cannot be deleted."""
    import obstore  # noqa: PLC0415, of an extra

    def request() -> None:
        with suppress(FileNotFoundError), faults(mirror.uri(key)):
            obstore.delete(mirror.client, key)

    retried(request)
    mirror.forget(key)


def copy(mirror: Mirror, key: str, target: str) -> None:
    """Give an object a second key; errors as `move`."""
    import obstore  # noqa: PLC0415, of an extra

    with faults(mirror.uri(key)):
        obstore.copy(mirror.client, key, target)
        meta: Any = obstore.head(mirror.client, target)
    entry = mirror.entries.get(key)
    size_bytes = int(meta["size"])
    time_ns = time.time_ns() if entry is None else entry.time_ns
    mirror.note(target, Entry(quoted(meta.get("e_tag")), size_bytes, time_ns))


def move(mirror: Mirror, key: str, target: str) -> None:
    """Give an object another key: a copy, then a deletion, so that one of them always exists.

    Raises:
        FileNotFoundError: it is gone.
        StoreError: it cannot be copied or deleted.
    """
    copy(mirror, key, target)
    delete(mirror, key)


def _changed(uri: str) -> DestinationExistsError:
    return DestinationExistsError(
        "another job has changed it meanwhile",
        where=uri,
        remedy="run again once that job has ended",
    )
