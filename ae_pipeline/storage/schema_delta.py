"""A fragment's own schema and form in a few bytes: deflated with the codec's schema as dictionary.

What pandas writes about an index, or who wrote a file, differs from file to file; the columns do
not.
"""

from __future__ import annotations

import base64
import zlib

import pyarrow as pa

from ae_pipeline.columns import TableSchema, deserialize_schema, serialize_schema

#: Deflate looks back no further.
_DICTIONARY_BYTES = 1 << 15
#: A reader refuses larger messages, so that what a few bytes claim is bounded.
MOST_SCHEMA_BYTES = 1 << 24


def pack_schema(own: pa.Schema, codec: TableSchema) -> str:
    """Base64 of the zlib stream of a schema's IPC message; empty if it is larger than allowed."""
    return pack_content(base64.b64decode(serialize_schema(own)), codec)


def pack_content(content: bytes, codec: TableSchema) -> str:
    """Base64 of the zlib stream of what is about a schema; empty if it is larger than allowed."""
    if len(content) > MOST_SCHEMA_BYTES:
        return ""
    stream = zlib.compressobj(9, zdict=_dictionary(codec))
    return base64.b64encode(stream.compress(content) + stream.flush()).decode("ascii")


def unpack_schema(text: str, codec: TableSchema) -> pa.Schema:
    """Inverse of `pack_schema`.

    Raises:
        ValueError: it is damaged, too large, or of another codec; or what Arrow raises of a schema.
    """
    return deserialize_schema(base64.b64encode(unpack_content(text, codec)).decode("ascii"))


def unpack_content(text: str, codec: TableSchema) -> bytes:
    """Inverse of `pack_content`; ValueError if it is damaged, too large, or of another codec."""
    stream = zlib.decompressobj(zdict=_dictionary(codec))
    try:
        content = stream.decompress(base64.b64decode(text, validate=True), MOST_SCHEMA_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not stream.eof or stream.unused_data:
        raise ValueError(f"no zlib stream of at most {MOST_SCHEMA_BYTES} bytes")
    return content


def _dictionary(codec: TableSchema) -> bytes:
    return base64.b64decode(codec.serialized)[-_DICTIONARY_BYTES:]
