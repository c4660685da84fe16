"""What a features fragment says about itself, in its Parquet footer.

There is no other ledger: a fragment is current if its footer names the same source fingerprint and
codec.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.errors import UnsupportedFormatError
from ae_pipeline.schema import deserialize_schema, serialize_schema

FORMAT_VERSION = "1.0"
KIND = "features"
_PREFIX = "ae:"


@dataclass(frozen=True)
class Footer:
    """Identity of a features fragment.

    Args:
        codec_id: codec it was encoded with.
        source_fingerprint: of the source fragment.
        source_bytes: size of the source file.
        latent_column: name of the latent column.
        schema: the fragment's own source schema, if it differs from the codec's in order,
            nullability or metadata.
    """

    codec_id: str
    source_fingerprint: str
    source_bytes: int
    latent_column: str
    schema: pa.Schema | None = None

    def to_metadata(self) -> dict[str, str]:
        """Key-value metadata for the Parquet footer."""
        metadata = {
            "kind": KIND,
            "format_version": FORMAT_VERSION,
            "codec_id": self.codec_id,
            "source_fingerprint": self.source_fingerprint,
            "source_bytes": str(self.source_bytes),
            "latent_column": self.latent_column,
        }
        if self.schema is not None:
            metadata["source_schema"] = serialize_schema(self.schema)
        return {_PREFIX + key: value for key, value in metadata.items()}


def read_footer(metadata: pq.FileMetaData, where: str) -> Footer | None:
    """The footer of a features fragment, or None if the file is something else.

    Raises:
        UnsupportedFormatError: another major format version.
    """
    pairs = metadata.metadata or {}
    found = {
        key.decode().removeprefix(_PREFIX): value.decode()
        for key, value in pairs.items()
        if key.startswith(_PREFIX.encode())
    }
    if found.get("kind") != KIND:
        return None
    if found["format_version"].split(".")[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise UnsupportedFormatError(
            "features format not supported",
            where=where,
            expected=f"version {FORMAT_VERSION.split('.', maxsplit=1)[0]}.x",
            got=found["format_version"],
            remedy="use the release that wrote it, or a newer one",
        )
    text = found.get("source_schema")
    return Footer(
        codec_id=found["codec_id"],
        source_fingerprint=found["source_fingerprint"],
        source_bytes=int(found["source_bytes"]),
        latent_column=found["latent_column"],
        schema=None if text is None else deserialize_schema(text),
    )
