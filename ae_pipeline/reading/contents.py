"""Hold what is in an opened dataset: files, codecs, partition keys, and one schema for all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.errors import CodecMismatchError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.reading.codecs import Codecs
from ae_pipeline.reading.keys import KeyColumn, key_columns
from ae_pipeline.reading.parts import Opened, OpenedEncoded, opened
from ae_pipeline.store import visiting


@dataclass(frozen=True)
class Contents:
    """A dataset as it was listed.

    Args:
        path: as it was asked for.
        kind: archive, features, decoded tables or a source.
        source: its files.
        codecs: of an archive; None for files that are read as they are.
    """

    path: str
    kind: str
    source: Source
    codecs: Codecs | None

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """Its files."""
        return self.source.fragments

    @cached_property
    def keys(self) -> tuple[KeyColumn, ...]:
        """Partition keys that are no columns of the files."""
        own = set(self._own_schema.names)
        return tuple(key for key in key_columns(self.fragments) if key.field.name not in own)

    @cached_property
    def schema(self) -> pa.Schema:
        """Columns of all files, then the partition keys.

        Raises:
            CodecMismatchError: a column has types that no one type can hold.
        """
        fields = [*self._own_schema, *(key.field for key in self.keys)]
        return pa.schema(fields, self._own_schema.metadata)

    @cached_property
    def cheapest_column(self) -> str:
        """A column to count rows by: a partition key, or one that is stored as it is."""
        if self.keys:
            return self.keys[0].field.name
        names: list[str] = self._own_schema.names
        stored = next(self.open_all()).stored.names
        return next((name for name in names if name in stored), names[0])

    @cached_property
    def _own_schema(self) -> pa.Schema:
        schemas = list(dict.fromkeys(one.schema for one in self.open_all()))
        if len(schemas) == 1:
            return schemas[0]
        try:
            return pa.unify_schemas(schemas, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise CodecMismatchError(
                "files have columns of one name whose types cannot be read as one",
                where=self.path,
                got=str(error).splitlines()[0],
                remedy="open the partitions one by one",
            ) from error

    @cached_property
    def formats(self) -> dict[str, FragmentFormat]:
        """The formats that decode an archive, by the ids of codecs; empty for other datasets."""
        encoded = (one for one in self.open_all() if isinstance(one, OpenedEncoded))
        return {one.format.codec_id: one.format for one in encoded}

    def open_all(self) -> Iterator[Opened]:
        """Read the footer of every file."""
        with self.visiting():
            for fragment in self.fragments:
                yield self.open(fragment)

    def open(self, fragment: Fragment) -> Opened:
        """Read the footer of a file; errors as `opened`."""
        return opened(fragment, self.codecs)

    def visiting(self) -> AbstractContextManager[None]:
        """Let files be read inside the context, wherever they lie."""
        return visiting([self.path])
