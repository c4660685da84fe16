"""Pack a fragment's own schema and form into a few bytes, with the codec's schema as dictionary.

The columns are the same in most files; only the metadata of pandas or of the writer differ.
"""

from __future__ import annotations

import base64
import zlib

import pyarrow as pa

from ae_pipeline.columns import TableSchema, deserialize_schema, serialize_schema

#: Deflate looks back no further than this.
_DICTIONARY_BYTES = 1 << 15
#: A reader refuses larger messages, so that a few forged bytes cannot claim more.
MOST_SCHEMA_BYTES = 1 << 24


def pack_schema(own: pa.Schema, codec: TableSchema) -> str:
    """Return the IPC message of a schema, deflated, as base64; empty if it is too large."""
    return pack_content(base64.b64decode(serialize_schema(own)), codec)


def pack_content(content: bytes, codec: TableSchema) -> str:
    """Return bytes that resemble the codec's schema, deflated, as base64; empty if too large."""
    if len(content) > MOST_SCHEMA_BYTES:
        return ""
    stream = zlib.compressobj(9, zdict=_dictionary(codec))
    return base64.b64encode(stream.compress(content) + stream.flush()).decode("ascii")


def unpack_schema(text: str, codec: TableSchema) -> pa.Schema:
    """Return the schema that `pack_schema` packed.

    Raises:
        ValueError: it is damaged, too large, or of another codec; or Arrow's error for a schema.
    """
    return deserialize_schema(base64.b64encode(unpack_content(text, codec)).decode("ascii"))


def unpack_content(text: str, codec: TableSchema) -> bytes:
    """Return what `pack_content` packed; `ValueError` if damaged, too large or another codec's."""
    stream = zlib.decompressobj(zdict=_dictionary(codec))
    try:
        content = stream.decompress(base64.b64decode(text, validate=True), MOST_SCHEMA_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not stream.eof or stream.unused_data:
        raise ValueError(f"not a zlib stream of at most {MOST_SCHEMA_BYTES} bytes")
    return content


def _dictionary(codec: TableSchema) -> bytes:
    return base64.b64decode(codec.serialized)[-_DICTIONARY_BYTES:]
