"""Open a dataset: find out what it is, list its files, load its codecs."""

from __future__ import annotations

import os

from ae_pipeline.config.paths import argument_source
from ae_pipeline.dataset import Source, discover
from ae_pipeline.formats import FORMATS
from ae_pipeline.reading.codecs import Codecs
from ae_pipeline.reading.contents import Contents
from ae_pipeline.reading.opened import OpenDataset
from ae_pipeline.storage import read_marker
from ae_pipeline.store import place, visiting
from ae_pipeline.upkeep import footer_of


def open_dataset(path: str | os.PathLike[str]) -> OpenDataset:
    """Open an archive, features, decoded tables or a source, to read it in place.

    Args:
        path: of the dataset, or its URI.

    Raises:
        AePipelineError: it does not exist, holds no files, or its codecs cannot be loaded.
    """
    path = argument_source(os.fspath(path), "PATH")
    with visiting([path]):
        source = discover(path)
        kind = _kind_of(path, source)
        is_decoded = kind in FORMATS and FORMATS[kind].reads_as_source
        codecs = Codecs(source.root) if is_decoded else None
        return OpenDataset(Contents(path, kind, source, codecs))


def _kind_of(path: str, source: Source) -> str:
    """Return what the marker says, or else the first footer: a file may be opened by itself."""
    marker = read_marker(place(path))
    if marker is not None:
        return marker.kind
    footer = footer_of(source.fragments[0].path, checks_sizes=False)
    return "source" if footer is None else footer.kind
