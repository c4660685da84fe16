"""Load a codec, whichever kind it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ae_pipeline.codec.archive.codec import ArchiveCodec
from ae_pipeline.codec.archive.files import load_archive_codec
from ae_pipeline.codec.directory import corrupt, read_tree
from ae_pipeline.codec.features.codec import FeaturesCodec
from ae_pipeline.codec.features.files import load_features_codec

#: By the kind in `codec.json`; the first codecs had none.
_LOADERS: dict[str, Callable[[str | Path], ArchiveCodec | FeaturesCodec]] = {
    "archive": load_archive_codec,
    "features": load_features_codec,
}


def codec_kind(directory: str | Path) -> str:
    """Return `archive` or `features`; errors as `load_codec`."""
    kind = read_tree(Path(directory)).get("kind", "features")
    if not isinstance(kind, str) or kind not in _LOADERS:
        raise corrupt(Path(directory), f"kind is {kind!a}")
    return kind


def load_codec(directory: str | Path) -> ArchiveCodec | FeaturesCodec:
    """Read a codec of either kind and check that its content hashes to its id.

    Args:
        directory: one that `fit` wrote, or `_ae/codecs/ID` in a dataset.

    Raises:
        CodecNotFoundError: no `codec.json` there.
        UnsupportedFormatError: another major format version.
        CorruptCodecError: a file is missing, damaged or does not fit the others.
    """
    return _LOADERS[codec_kind(directory)](directory)
