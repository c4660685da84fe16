"""What a kind of dataset must be able to do with one fragment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.columns import TableSchema
from ae_pipeline.dataset import Fragment
from ae_pipeline.storage import WHOLE, Footer, Kind, Part


@runtime_checkable
class FragmentFormat(Protocol):
    """Source fragments to fragments of one kind of dataset, and back."""

    @property
    def kind(self) -> Kind:
        """Of the dataset."""

    @property
    def codec_id(self) -> str:
        """The codec in use."""

    @property
    def schema(self) -> TableSchema:
        """Of the source the codec was fitted to."""

    @property
    def unit(self) -> Float64[np.ndarray, "features"]:
        """What errors of each column are divided by in reports."""

    @property
    def extra(self) -> dict[str, str]:
        """What the footer holds for this kind alone."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What whoever decodes should know of the codec itself."""

    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Encode a source fragment of schema `arrow` to `path`; returns warnings."""

    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Decode a fragment of this kind in the source's schema, at most `n_rows` at a time."""

    def payload_bytes(self, leaves: Mapping[str, int], footer: Footer) -> int:
        """Stored bytes of what stands for the feature columns, of those of all leaf columns."""
