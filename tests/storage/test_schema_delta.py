"""Schemas of fragments, told by how they differ from the codec's."""

from __future__ import annotations

import base64
import zlib

import pyarrow as pa
import pytest

from ae_pipeline.columns import TableSchema
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.storage import Footer
from ae_pipeline.storage.schema_delta import MOST_SCHEMA_BYTES, pack_schema, unpack_schema

CODEC = TableSchema(pa.schema([(f"column {n}", pa.float64()) for n in range(900)]), ("column 0",))
OWN = pa.schema(list(CODEC.arrow)[::-1], {"rows": "7"})
FOOTER = Footer("archive", "0" * 20, "f", 1)


def test_delta_is_small_and_exact() -> None:
    """Order and metadata come back, in a fraction of the bytes."""
    delta = pack_schema(OWN, CODEC)
    assert unpack_schema(delta, CODEC).equals(OWN, check_metadata=True)
    assert len(delta) < OWN.serialize().size / 4


def test_footer_stores_what_differs() -> None:
    """A schema that is the codec's is not stored; a huge one is stored as it is."""
    assert FOOTER.with_schema(CODEC.arrow, CODEC) == FOOTER
    assert FOOTER.source_schema(CODEC, "p") is CODEC.arrow
    assert FOOTER.with_schema(OWN, CODEC).source_schema(CODEC, "p") == OWN
    huge = OWN.with_metadata({"note": "x" * MOST_SCHEMA_BYTES})
    footer = FOOTER.with_schema(huge, CODEC)
    assert footer.delta == ""
    assert footer.source_schema(CODEC, "p").equals(huge, check_metadata=True)


def bomb() -> bytes:
    """A stream of a few kilobytes that holds more than a schema may have."""
    return zlib.compress(bytes(MOST_SCHEMA_BYTES + 1), 9)


DAMAGED = {
    "bomb": bomb(),
    "no stream": b"?",
    "nothing": b"",
    "cut": base64.b64decode(pack_schema(OWN, CODEC))[:-9],
    "more": base64.b64decode(pack_schema(OWN, CODEC)) + b"?",
    "no schema": zlib.compress(b"no schema at all"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_delta(name: str) -> None:
    """What is no schema of at most 16 MiB is a damaged footer."""
    delta = base64.b64encode(DAMAGED[name]).decode()
    footer = Footer("archive", "0" * 20, "f", 1, delta=delta or "?")
    with pytest.raises(CorruptFragmentError, match="footer is damaged"):
        footer.source_schema(CODEC, "p")
