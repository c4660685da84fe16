"""The record of an archive's footer: short, checked, and what it was made of."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.storage.footer_record import pack_record, unpack_record
from tests.support.format_reader.footer import read_keys

KEYS = {
    "codec_id": "ab" * 10,
    "source_fingerprint": "cd" * 16,
    "source_bytes": "63298",
    "source_sha256": "0f" * 32,
    "raw_bytes": "342900",
    "bytes": '{"direct":1461,"table":15679,"directory":64}',
    "statistics": base64.b64encode(b"bounds").decode(),
    "schema_delta": base64.b64encode(b"delta").decode(),
    "form": base64.b64encode(b"form").decode(),
}
STATED = "ae:format_version\x005.0\0ae:kind\0archive\0"

_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_odd = st.sampled_from(["", "AB", "abc", "-1", "01", "1_0", "é", "{}", '{"x":1}', "[1]", "YQ="])
_keys = st.dictionaries(st.sampled_from(list(KEYS)), _texts | _odd)


@given(_keys, st.dictionaries(_texts.filter(lambda key: key not in KEYS), _texts))
def test_any_keys_come_back(keys: dict[str, str], others: dict[str, str]) -> None:
    """Values that are not written as their kind always is, and keys of later releases, too."""
    assert unpack_record(STATED, pack_record(STATED, keys | others)) == keys | others


def test_a_reader_of_the_format_alone_reads_it() -> None:
    """Every kind of value is packed as the format says."""
    metadata = {"ae:kind": "archive", "ae:format_version": "5.0"}
    stored = metadata | {"ae:record": pack_record(STATED, KEYS)}
    found = read_keys({key.encode(): value.encode() for key, value in stored.items()})
    wanted = metadata | {f"ae:{key}": value for key, value in KEYS.items()}
    assert {key: value.replace(" ", "") for key, value in found.items()} == wanted


def test_bytes_take_four_thirds() -> None:
    """Hashes and numbers are stored as bytes: a whole record is as long as three of its hashes."""
    assert len(pack_record(STATED, KEYS)) < 180


def test_unknown_fields_are_ignored() -> None:
    """A later minor version may add fields."""
    content = bytes([60, 2]) + b"xy"
    record = pack_record(STATED, {})
    assert unpack_record(STATED, record) == {}
    assert unpack_record(STATED, _sealed(content)) == {}


@pytest.mark.parametrize("place", range(0, 140, 7))
def test_damage_is_found(place: int) -> None:
    """A changed character is damage, and so are other keys beside the record."""
    record = pack_record(STATED, KEYS)
    other = "A" if record[place] != "A" else "B"
    with pytest.raises(ValueError, match=r"checksum|base64|\w"):
        unpack_record(STATED, record[:place] + other + record[place + 1 :])
    with pytest.raises(ValueError, match="checksum"):
        unpack_record(STATED.replace("archive", "features"), record)


@pytest.mark.parametrize("content", [b"\2", b"\2\5ab", b"\0\1", b"\3\1\xff", b"\6\0", b"\x0e\xff"])
def test_forged_fields_are_damage(content: bytes) -> None:
    """Fields that end too early, or hold no such value, raise `ValueError` behind a good sum."""
    with pytest.raises(ValueError, match=r"\w"):
        unpack_record(STATED, _sealed(content))


def _sealed(content: bytes) -> str:
    """Fields with a checksum that is right."""
    checksum = zlib.crc32(content, zlib.crc32(STATED.encode())).to_bytes(4, "little")
    return base64.b64encode(checksum + content).decode().rstrip("=")
