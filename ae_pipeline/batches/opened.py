"""Codecs of features by the path or URI of a dataset or of a codec, opened once in each process."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.coding import pin_blas_threads
from ae_pipeline.formats import FeaturesFormat, open_features
from ae_pipeline.locations import parse
from ae_pipeline.storage import codec_directory, marker_of, read_marker
from ae_pipeline.store import place, visiting

#: Codecs that stay open in a process.
_MOST_OPENED = 8


def open_rows(codec: str, latent_column: str) -> FeaturesFormat:
    """Return the format of a features codec, which stays open in this process.

    Args:
        codec: path or URI of a features dataset, whose newest codec this is, or of a codec.
        latent_column: name of the latent column.

    Raises:
        CodecError: there is no codec, it is damaged, or it makes no latents.
        StoreError: the object store cannot be used.
    """
    pin_blas_threads()
    own = _codec_of_dataset(codec)
    if own is not None:
        return _opened(own, None, latent_column, codec)
    if parse(codec) is not None:  # the folder may have another codec by now, and nothing tells
        return open_features(codec, latent_column)
    folder = os.path.abspath(codec)
    return _opened(folder, _written(folder), latent_column, codec)


@lru_cache(_MOST_OPENED)
def _opened(
    folder: str, written: tuple[int, int] | None, latent_column: str, where: str
) -> FeaturesFormat:
    """Open a codec, once for each state of its folder."""
    return open_features(folder, latent_column, where)


def _codec_of_dataset(path: str) -> str | None:
    """Return the place of a dataset's codec, which never changes; None if this is no dataset."""
    with visiting([marker_of(path)]):
        marker = read_marker(place(path))
    if marker is None or marker.codec_id is None:
        return None
    if parse(path) is None:
        return str(codec_directory(Path(os.path.abspath(path)), marker.codec_id))
    inside = codec_directory(Path("/"), marker.codec_id).as_posix()
    return f"{path.rstrip('/')}{inside}"


def _written(folder: str) -> tuple[int, int] | None:
    """Return when a codec was written, and its inode; None if there is none."""
    try:
        status = os.stat(os.path.join(folder, CODEC_FILE))
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
