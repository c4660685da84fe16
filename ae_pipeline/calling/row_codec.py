"""A features codec for tables in memory: fitted to one, it encodes and decodes others."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

import pyarrow as pa

from ae_pipeline.batches import decode_rows, encode_rows
from ae_pipeline.calling.frames import Frame
from ae_pipeline.calling.jobs import Place
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.errors import DestinationExistsError
from ae_pipeline.formats import open_features


class RowCodec:
    """Turns rows into latents beside their other columns, and back.

    Its folder is removed with it, unless it is saved.

    Args:
        folder: of the codec; taken over.
        latent_column: name of the latent column.
    """

    def __init__(self, folder: Path, latent_column: str) -> None:
        self._folder, self._latent_column = folder, latent_column
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    @property
    def codec(self) -> FeaturesCodec:
        """The codec itself."""
        return open_features(self._folder, self._latent_column).codec

    @property
    def features(self) -> tuple[str, ...]:
        """Columns that latents stand for."""
        return self.codec.schema.features

    @property
    def latent_dim(self) -> int:
        """Numbers of a latent."""
        return self.codec.latent_dim

    def encode(self, rows: Frame) -> pa.Table:
        """Return rows with their features replaced by latents; errors as `encode_rows`."""
        return encode_rows(pa.table(rows), str(self._folder), self._latent_column)

    def decode(self, rows: Frame) -> pa.Table:
        """Return rows with their latents replaced by features, which are not exact.

        Errors as `decode_rows`.
        """
        return decode_rows(pa.table(rows), str(self._folder), self._latent_column)

    def save(self, folder: Place) -> None:
        """Write the codec to a folder, for `features` and `encode_rows`.

        Raises:
            DestinationExistsError: something is there.
        """
        if Path(folder).exists():
            raise DestinationExistsError(
                "something is here", where=str(folder), remedy="choose another folder"
            )
        shutil.copytree(self._folder, folder)

    def __repr__(self) -> str:
        return f"<codec of {len(self.features)} columns: latents of {self.latent_dim} numbers>"


def new_folder() -> Path:
    """Return a folder for a codec."""
    return Path(tempfile.mkdtemp(prefix="ae-pipeline-codec-"))
