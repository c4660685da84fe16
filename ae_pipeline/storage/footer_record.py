"""The keys of an archive's footer ↔ one short text: hashes and numbers as bytes, not as digits.

`docs/format.md`, section 2.2. A value that is not written as its kind always is stays a text.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping

from ae_pipeline.coding.varint import Reader, prefixed, varint

_CHECKSUM_BYTES = 4
_PARTS = (
    *("codes", "corrections", "direct", "lossless", "predicted", "classed", "table", "integers"),
    *("beside", "validity", "exact", "directory", "series"),
)

Pack = Callable[[str], bytes]
Unpack = Callable[[bytes], str]


def pack_record(stated: str, keys: Mapping[str, str]) -> str:
    """Pack keys after a checksum, as base64 without padding.

    Args:
        stated: what stands in keys of its own and is under the same checksum.
        keys: without their prefix.
    """
    content = b"".join(_field(key, keys[key]) for key in _NUMBERS if key in keys)
    others = [key for key in keys if key not in _NUMBERS]
    content += b"".join(varint(0) + prefixed([key.encode(), keys[key].encode()]) for key in others)
    packed = base64.b64encode(_checksum(stated, content) + content)
    return packed.decode("ascii").rstrip("=")


def unpack_record(stated: str, text: str) -> dict[str, str]:
    """Invert `pack_record`; fields of numbers that this release does not know are left out.

    Raises:
        ValueError: the checksum is wrong, or a field is damaged.
    """
    record = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    content = record[_CHECKSUM_BYTES:]
    if record[:_CHECKSUM_BYTES] != _checksum(stated, content):
        raise ValueError("checksum of the keys is wrong")
    reader, keys = Reader(content), dict[str, str]()
    while not reader.is_at_end:
        number, is_text = divmod(reader.varint(), 2)
        if not number:
            other, text_value = reader.take_prefixed(2)
            keys[other.decode()] = text_value.decode()
            continue
        value = reader.take(reader.varint())
        if number <= len(_FIELDS):
            key, _, unpack = _FIELDS[number - 1]
            keys[key] = value.decode() if is_text else unpack(value)
    return keys


def _checksum(stated: str, content: bytes) -> bytes:
    return zlib.crc32(content, zlib.crc32(stated.encode())).to_bytes(_CHECKSUM_BYTES, "little")


def _field(key: str, value: str) -> bytes:
    """Pack a value as its kind if that gives the very text back, otherwise as a text."""
    number = _NUMBERS[key]
    _, pack, unpack = _FIELDS[number - 1]
    try:
        packed = pack(value)
        if unpack(packed) == value:
            return varint(2 * number) + prefixed([packed])
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return varint(2 * number + 1) + prefixed([value.encode()])


def _pack_number(text: str) -> bytes:
    number = int(text)
    if number < 0:
        raise ValueError("a number below 0")
    return varint(number)


def _unpack_number(content: bytes) -> str:
    return str(Reader(content).varint())


def _pack_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _unpack_base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _pack_ledger(text: str) -> bytes:
    ledger = json.loads(text)
    return b"".join(varint(_PARTS.index(part)) + varint(size) for part, size in ledger.items())


def _unpack_ledger(content: bytes) -> str:
    reader, ledger = Reader(content), dict[str, int]()
    while not reader.is_at_end:
        part, size = reader.varint(), reader.varint()
        ledger[_PARTS[part] if part < len(_PARTS) else f"part {part}"] = size
    return json.dumps(ledger, separators=(",", ":"))


#: Key, and how its value becomes bytes and a text again; fields are numbered from 1.
_FIELDS: tuple[tuple[str, Pack, Unpack], ...] = (
    ("codec_id", bytes.fromhex, bytes.hex),
    ("source_fingerprint", bytes.fromhex, bytes.hex),
    ("source_bytes", _pack_number, _unpack_number),
    ("source_sha256", bytes.fromhex, bytes.hex),
    ("raw_bytes", _pack_number, _unpack_number),
    ("bytes", _pack_ledger, _unpack_ledger),
    ("statistics", _pack_base64, _unpack_base64),
    ("schema_delta", _pack_base64, _unpack_base64),
    ("source_schema", _pack_base64, _unpack_base64),
    ("form", _pack_base64, _unpack_base64),
)
_NUMBERS = {key: number for number, (key, _, _) in enumerate(_FIELDS, 1)}
