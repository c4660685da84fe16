"""The codecs of an archive, each loaded once, when a file first names it."""

from __future__ import annotations

import threading
from pathlib import Path

from ae_pipeline.errors import CorruptCodecError
from ae_pipeline.formats import FragmentFormat, open_format
from ae_pipeline.storage import codec_directory


class Codecs:
    """Loads codecs by their ids.

    Args:
        root: of the archive.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._loaded: dict[str, FragmentFormat] = {}
        self._lock = threading.Lock()

    def format(self, codec_id: str) -> FragmentFormat:
        """Return what decodes the files that name a codec.

        Raises:
            CodecError: it is missing or damaged.
        """
        with self._lock:
            if codec_id not in self._loaded:
                self._loaded[codec_id] = self._load(codec_id)
            return self._loaded[codec_id]

    def _load(self, codec_id: str) -> FragmentFormat:
        directory = codec_directory(self._root, codec_id)
        format = open_format(directory)
        if format.codec_id != codec_id:
            raise CorruptCodecError(
                "codec of another id",
                where=str(directory),
                expected=codec_id,
                got=format.codec_id,
                remedy="restore it or encode again",
            )
        return format
