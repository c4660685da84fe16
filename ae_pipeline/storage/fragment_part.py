"""Part of a fragment: some columns, some row groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from ae_pipeline.errors import ConfigError, listing


@dataclass(frozen=True)
class Part:
    """The columns and row groups to decode of a fragment; None for all.

    Args:
        columns: names of columns of the source.
        row_groups: numbers of row groups of the encoded fragment, from 0.
    """

    columns: frozenset[str] | None = None
    row_groups: tuple[int, ...] | None = None

    def schema_of(self, whole: pa.Schema) -> pa.Schema:
        """Return the wanted fields in their order, with the metadata of the whole schema."""
        if self.columns is None:
            return whole
        fields = [field for field in whole if field.name in self.columns]
        return pa.schema(fields, whole.metadata)

    def groups_of(self, sizes: Sequence[int], where: str) -> list[tuple[int, int]]:
        """Return (number, rows) of the wanted row groups, in order.

        Args:
            sizes: rows of each row group of a fragment.
            where: path of the fragment, for the message.

        Raises:
            ConfigError: a wanted row group does not exist.
        """
        if self.row_groups is None:
            return list(enumerate(sizes))
        missing = [number for number in self.row_groups if not 0 <= number < len(sizes)]
        if missing:
            raise ConfigError(
                "no such row group",
                where=where,
                expected=f"0 to {len(sizes) - 1}",
                got=listing(missing),
            )
        return [(number, sizes[number]) for number in sorted(set(self.row_groups))]


WHOLE = Part()
