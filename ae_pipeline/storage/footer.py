"""The identity of an encoded fragment, kept in its own Parquet footer.

There is no other ledger: a fragment is current if its footer names the same source fingerprint and
codec, and the same settings of its kind.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.columns import TableSchema, deserialize_schema, serialize_schema
from ae_pipeline.errors import CorruptFragmentError, UnsupportedFormatError
from ae_pipeline.format_version import FORMAT_VERSION, check_version
from ae_pipeline.parquet import Form
from ae_pipeline.storage.footer_record import pack_record, unpack_record
from ae_pipeline.storage.layout import Kind, is_codec_id
from ae_pipeline.storage.schema_delta import (
    pack_content,
    pack_schema,
    unpack_content,
    unpack_schema,
)

_PREFIX = "ae:"
_OWN_KEYS = ("kind", "format_version", "codec_id", "source_fingerprint", "source_bytes")
_SCHEMA_KEY, _DELTA_KEY = "source_schema", "schema_delta"
_LEDGER_KEY, _FORM_KEY, _CHECKSUM_KEY = "bytes", "form", "checksum"
_HASH_KEY = "source_sha256"
_RAW_KEY, _STATISTICS_KEY = "raw_bytes", "statistics"
#: All keys of an archive but those that tell an older reader what it cannot read.
_RECORD_KEY, _STATED_KEYS = "record", ("kind", "format_version")
#: Kinds whose fragments may be small, and whose readers are ours alone.
_RECORDED: frozenset[Kind] = frozenset({"archive"})
#: Errors of reading keys that others wrote; Arrow raises `OSError` for a damaged schema.
_DAMAGE = (LookupError, TypeError, ValueError, OSError, RecursionError, pa.ArrowException)


@dataclass(frozen=True)
class Footer:
    """Identity of a fragment.

    Args:
        kind: features or archive.
        codec_id: the codec it was encoded with.
        source_fingerprint: of the source fragment.
        source_bytes: size of the source file.
        extra: keys of this kind alone, e.g. the name of the latent column.
        ledger: stored bytes by part, once they are known.
        schema: the source schema as older files store it, if it differs from the codec's in order,
            nullability or metadata.
        delta: the same, as `with_schema` packs it.
        form: the form of the source file, as `with_form` packs it.
        source_sha256: of all bytes of the source file; empty in features and in older files.
        raw_bytes: of the encoded columns in memory; None in features and in older files.
        statistics: bounds of coded columns by row group, packed; empty if there are none.
    """

    kind: Kind
    codec_id: str
    source_fingerprint: str
    source_bytes: int
    extra: Mapping[str, str] = field(default_factory=dict)
    ledger: Mapping[str, int] | None = None
    schema: pa.Schema | None = None
    delta: str = ""
    form: str = ""
    source_sha256: str = ""
    raw_bytes: int | None = None
    statistics: str = ""

    def with_schema(self, own: pa.Schema, codec: TableSchema) -> Footer:
        """Return the footer of a fragment of schema `own`, stored unless it is the codec's."""
        if own.equals(codec.arrow, check_metadata=True):
            return self
        delta = pack_schema(own, codec)
        return replace(self, schema=None if delta else own, delta=delta)

    def with_form(self, form: Form | None, codec: TableSchema) -> Footer:
        """Return the footer of a fragment of this form; None for the form that Arrow writes.

        Raises:
            ValueError: the form is larger than a reader accepts.
        """
        packed = "" if form is None else pack_content(form.to_bytes(), codec)
        if form is not None and not packed:
            raise ValueError("its Parquet schema is too large")
        return replace(self, form=packed)

    def source_form(self, codec: TableSchema, where: str) -> Form | None:
        """Return the form of the source fragment; `CorruptFragmentError` if it is damaged."""
        try:
            return Form.from_bytes(unpack_content(self.form, codec)) if self.form else None
        except _DAMAGE as error:
            raise damaged_footer(where, error) from error

    def source_schema(self, codec: TableSchema, where: str) -> pa.Schema:
        """Return the schema of the source fragment; `CorruptFragmentError` if it is damaged."""
        if not self.delta:
            return self.schema or codec.arrow
        try:
            schema = unpack_schema(self.delta, codec)
            str(schema)  # decodes its names
            return schema
        except _DAMAGE as error:
            raise damaged_footer(where, error) from error

    def to_metadata(self) -> dict[str, str]:
        """Return the key-value metadata for the Parquet footer."""
        metadata = {
            "kind": self.kind,
            "format_version": FORMAT_VERSION,
            "codec_id": self.codec_id,
            "source_fingerprint": self.source_fingerprint,
            "source_bytes": str(self.source_bytes),
            **self.extra,
        }
        if self.ledger is not None:
            metadata[_LEDGER_KEY] = json.dumps(dict(self.ledger), separators=(",", ":"))
        if self.schema is not None:
            metadata[_SCHEMA_KEY] = serialize_schema(self.schema)
        if self.delta:
            metadata[_DELTA_KEY] = self.delta
        if self.form:
            metadata[_FORM_KEY] = self.form
        if self.source_sha256:
            metadata[_HASH_KEY] = self.source_sha256
        if self.raw_bytes is not None:
            metadata[_RAW_KEY] = str(self.raw_bytes)
        if self.statistics:
            metadata[_STATISTICS_KEY] = self.statistics
        if self.kind in _RECORDED:
            metadata = _with_record(metadata)
        else:
            metadata[_CHECKSUM_KEY] = _checksum(metadata)
        return {_PREFIX + key: value for key, value in metadata.items()}

    def is_same(self, other: Footer | None) -> bool:
        """Whether both stand for the same output of the same fragment."""
        return other is not None and (
            (self.kind, self.codec_id, self.source_fingerprint, dict(self.extra))
            == (other.kind, other.codec_id, other.source_fingerprint, dict(other.extra))
        )


def read_footer(metadata: pq.FileMetaData, where: str) -> Footer | None:
    """Return the footer of an encoded fragment, or None if the file is something else.

    Raises:
        UnsupportedFormatError: it has another major format version.
        CorruptFragmentError: a key is missing or damaged.
    """
    try:
        keys = {key: value.decode() for key, value in _own(metadata.metadata or {})}
    except UnicodeDecodeError as error:
        raise damaged_footer(where, error) from error
    return footer_of_keys(keys, where)


def footer_of_keys(keys: Mapping[str, str], where: str) -> Footer | None:
    """Invert `Footer.to_metadata`; return and raise as `read_footer`."""
    try:
        found = {key.removeprefix(_PREFIX): value for key, value in keys.items()}
        if found.get("kind") not in ("features", "archive"):
            return None
        check_version(found["kind"], found["format_version"], where)
        return _from_keys(_without_record(found) if _RECORD_KEY in found else found)
    except UnsupportedFormatError:
        raise
    except _DAMAGE as error:
        raise damaged_footer(where, error) from error


def _own(metadata: Mapping[bytes, bytes]) -> Iterator[tuple[str, bytes]]:
    prefix = _PREFIX.encode()
    return ((key.decode(), value) for key, value in metadata.items() if key.startswith(prefix))


def damaged_footer(where: str, error: Exception) -> CorruptFragmentError:
    """Return the error for a footer whose keys make no sense."""
    return CorruptFragmentError(
        "footer is damaged", where=where, got=str(error), remedy="encode it again"
    )


def _from_keys(found: dict[str, str]) -> Footer:
    checksum = found.pop(_CHECKSUM_KEY, None)
    if checksum is not None and checksum != _checksum(found):
        raise ValueError("checksum of the keys is wrong")
    text, ledger = found.pop(_SCHEMA_KEY, None), found.pop(_LEDGER_KEY, None)
    delta, form = found.pop(_DELTA_KEY, ""), found.pop(_FORM_KEY, "")
    source_sha256, raw_bytes = found.pop(_HASH_KEY, ""), found.pop(_RAW_KEY, None)
    statistics = found.pop(_STATISTICS_KEY, "")
    own = {key: found.pop(key) for key in _OWN_KEYS}
    if not is_codec_id(own["codec_id"]):
        raise ValueError(f"not a codec id: {own['codec_id']}")
    return Footer(
        kind="features" if own["kind"] == "features" else "archive",
        codec_id=own["codec_id"],
        source_fingerprint=own["source_fingerprint"],
        source_bytes=int(own["source_bytes"]),
        extra=found,
        ledger=None if ledger is None else _read_ledger(ledger),
        schema=None if text is None else deserialize_schema(text),
        delta=delta,
        form=form,
        source_sha256=source_sha256,
        raw_bytes=None if raw_bytes is None else int(raw_bytes),
        statistics=statistics,
    )


def _with_record(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the keys as an archive stores them: most of them packed into one."""
    stated = {key: metadata[key] for key in _STATED_KEYS}
    others = {key: value for key, value in metadata.items() if key not in stated}
    return {**stated, _RECORD_KEY: pack_record(_joined(stated), others)}


def _without_record(found: dict[str, str]) -> dict[str, str]:
    """Invert `_with_record`; keys beside the record that later releases may add are left out."""
    stated = {key: found[key] for key in _STATED_KEYS}
    return {**unpack_record(_joined(stated), found[_RECORD_KEY]), **stated}


def _read_ledger(text: str) -> dict[str, int]:
    ledger = json.loads(text)
    if not isinstance(ledger, dict) or not all(type(size) is int for size in ledger.values()):
        raise ValueError("bytes by part are not a JSON object of integers")
    return ledger


def _checksum(metadata: Mapping[str, str]) -> str:
    """Return the checksum of all other keys: Parquet's footer has none of its own."""
    return f"{zlib.crc32(_joined(metadata).encode()):08x}"


def _joined(metadata: Mapping[str, str]) -> str:
    return "".join(f"{_PREFIX}{key}\0{metadata[key]}\0" for key in sorted(metadata))
