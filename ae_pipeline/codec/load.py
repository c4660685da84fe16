"""Load a codec, whichever kind it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any  # JSON trees

from ae_pipeline.codec.archive.codec import ArchiveCodec
from ae_pipeline.codec.archive.files import build_archive_codec
from ae_pipeline.codec.directory import build_checked, corrupt, read_tree
from ae_pipeline.codec.features.codec import FeaturesCodec
from ae_pipeline.codec.features.files import build_features_codec
from ae_pipeline.store import look_below, place, visiting

#: By the kind in the JSON; the first codecs had none.
_BUILDERS: dict[str, Callable[[Path, dict[str, Any]], ArchiveCodec | FeaturesCodec]] = {
    "archive": build_archive_codec,
    "features": build_features_codec,
}


def load_codec(directory: str | Path) -> ArchiveCodec | FeaturesCodec:
    """Read a codec of either kind and check that its content hashes to its id.

    Args:
        directory: one that `fit` wrote, or `_ae/codecs/ID` in a dataset.

    Raises:
        CodecNotFoundError: no codec there.
        UnsupportedFormatError: another major format version.
        CorruptCodecError: a file is missing, damaged or does not fit the others.
    """
    with visiting([str(directory)]):
        return _load(place(directory))


def _load(path: Path) -> ArchiveCodec | FeaturesCodec:
    look_below(path)
    tree = read_tree(path)
    kind = tree.get("kind", "features")
    if not isinstance(kind, str) or kind not in _BUILDERS:
        raise corrupt(path, f"kind is {kind!a}")
    return build_checked(path, tree, _BUILDERS[kind])
