"""The keys of a fragment's footer, unpacked if they are in a record (section 2.2)."""

from __future__ import annotations

import base64
import json
import zlib

from tests.support.format_reader.streams import Bytes

_HEX, _NUMBERS = {1: "codec_id", 2: "source_fingerprint", 4: "source_sha256"}, (3, 5)
_NAMES = {3: "source_bytes", 5: "raw_bytes", 6: "bytes", 7: "statistics", 8: "schema_delta"}
_NAMES |= _HEX | {9: "source_schema", 10: "form"}
_PARTS = (
    *("codes", "corrections", "direct", "lossless", "predicted", "classed", "table", "integers"),
    *("beside", "validity", "exact", "directory", "series"),
)


def read_keys(metadata: dict[bytes, bytes]) -> dict[str, str]:
    """All keys that start with `ae:`, with their values as earlier formats write them."""
    keys = {key.decode(): value.decode() for key, value in metadata.items() if key[:3] == b"ae:"}
    record = keys.pop("ae:record", None)
    if record is None:
        return keys
    content = base64.b64decode(record + "=" * (-len(record) % 4))
    stated = "".join(f"{key}\0{keys[key]}\0" for key in ("ae:format_version", "ae:kind"))
    assert zlib.crc32(stated.encode() + content[4:]) == int.from_bytes(content[:4], "little")
    taken = Bytes(content, 4)
    while taken.position < len(content):
        number, is_text = divmod(taken.varint(), 2)
        value = taken.take(taken.varint())
        if number == 0:
            keys[f"ae:{value.decode()}"] = taken.take(taken.varint()).decode()
        elif number in _NAMES:
            keys[f"ae:{_NAMES[number]}"] = value.decode() if is_text else _text(number, value)
    return keys


def _text(number: int, value: bytes) -> str:
    taken = Bytes(value)
    if number in _HEX:
        return value.hex()
    if number in _NUMBERS:
        return str(taken.varint())
    if number == 6:
        ledger = {}
        while taken.position < len(value):
            part = taken.varint()
            ledger[_PARTS[part]] = taken.varint()
        return json.dumps(ledger)
    return base64.b64encode(value).decode()
