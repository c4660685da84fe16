"""The mapping of an extension type: that of its storage."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import pyarrow as pa

from ae_pipeline.mapping.base import Mapping, Split
from ae_pipeline.mapping.subcolumn import Sequence, SubColumn


@dataclass(frozen=True)
class ExtensionMapping(Mapping):
    """Values that mean more than their storage says.

    Args:
        storage: mapping of the storage.
    """

    storage: Mapping

    kind: ClassVar[str] = "extension"

    @property
    def subcolumns(self) -> tuple[SubColumn, ...]:
        """Those of the storage."""
        return self.storage.subcolumns

    def split(self, array: pa.Array) -> Split:
        """Map the storage."""
        return self.storage.split(array.storage)

    def join(
        self, sequences: Dictionary[str, Sequence], side: bytes, is_whole: bool, n_rows: int
    ) -> pa.Array:
        """Invert `split`; ValueError as the storage's."""
        return self.type.wrap_array(self.storage.join(sequences, side, is_whole, n_rows))

    def to_json(self) -> dict[str, Any]:
        """Write the mapping of the storage."""
        return {"storage": {"kind": self.storage.kind, **self.storage.to_json()}}

    @property
    def tables(self) -> tuple[bytes, ...]:
        """Those of the storage."""
        return self.storage.tables
