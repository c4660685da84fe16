"""Where the bytes of an encoded dataset lie, computed from footers and file sizes here alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.dataset import Fragment, opened_end
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.results.account import ByteAccount, Ratios, StoredBytes
from ae_pipeline.storage import Footer, page_file, private_folder

#: Files of a codec directory that hold learned weights, and their names in reports.
_MODEL_PARTS = {
    "table.bin": "table",
    "values.bin": "values of the table",
    "references.bin": "references",
    "predictor.bin": "predictor",
    "decoder.bin": "decoder",
    "encoder.bin": "encoder",
    "weights.safetensors": "encoder and decoder",
}


def fragment_bytes(
    format: FragmentFormat, metadata: pq.FileMetaData, footer: Footer, fragment: Fragment
) -> StoredBytes:
    """Return the byte counts of one encoded fragment.

    Args:
        format: format that holds the fragment's codec.
        metadata: metadata of its Parquet file.
        footer: the footer that encode wrote into it.
        fragment: the same file, pinned, so that all sizes belong to it.

    Raises:
        CorruptFragmentError: its footer is damaged.
        FragmentReplacedError: another file has taken its name.
    """
    with opened_end(fragment) as file:
        leaves, size_bytes = leaf_sizes(file), file.seek(0, os.SEEK_END)
    own = format.stored_parts(leaves, footer)
    ledger = dict(own if footer.ledger is None else footer.ledger)
    payload, kept = sum(ledger.values()), sum(leaves.values()) - sum(own.values())
    return StoredBytes(
        source_bytes=footer.source_bytes,
        raw_bytes=_raw_bytes(format, metadata, footer),
        encoded_bytes=size_bytes,
        payload_bytes=payload,
        kept_bytes=kept,
        container_bytes=size_bytes - payload - kept,
        ledger=ledger,
    )


def account(
    files: Iterable[StoredBytes], dataset: Path, codec_directories: Sequence[Path]
) -> ByteAccount:
    """Return the byte counts of a whole dataset, each codec in use counted once.

    Args:
        files: byte counts of its fragments.
        dataset: its folder.
        codec_directories: folders of the codecs in use, wherever they lie.
    """
    total = StoredBytes.total(files)
    model: Counter[str] = Counter()
    counted: set[Path] = set()
    for path in (path for directory in codec_directories for path in _files(directory)):
        if path.name in _MODEL_PARTS:
            model[_MODEL_PARTS[path.name]] += path.stat().st_size
            counted.add(path)
    counted.add(page_file(dataset.resolve()))  # nothing of the data is in it
    beside = _files(private_folder(dataset))
    other_bytes = sum(path.stat().st_size for path in beside if path not in counted)
    return ByteAccount(
        **vars(total),
        model_bytes=model.total(),
        other_bytes=other_bytes,
        model=dict(model),
        ratios=_ratios(total, model.total(), other_bytes),
    )


def _files(folder: Path) -> list[Path]:
    """Return all published files below a folder; none if it does not exist."""
    files = (path for path in folder.resolve().rglob("*") if path.is_file())
    return sorted(path for path in files if not is_temporary(path.name))


def _raw_bytes(format: FragmentFormat, metadata: pq.FileMetaData, footer: Footer) -> int:
    """Return the bytes of a fragment's encoded columns, uncompressed."""
    if footer.raw_bytes is not None:
        return footer.raw_bytes
    return metadata.num_rows * sum(map(_value_bytes, format.schema.lane_types))


def _value_bytes(kind: pa.DataType) -> int:
    """Return the bytes of a value in memory; of text, and of other types without a width, 8."""
    try:
        return -(-kind.bit_width // 8)
    except ValueError:
        return 8


def _ratios(total: StoredBytes, model_bytes: int, other_bytes: int) -> Ratios:
    beside = model_bytes + other_bytes
    return Ratios(
        raw=_over(total.raw_bytes, total.payload_bytes),
        raw_with_model=_over(total.raw_bytes, total.payload_bytes + model_bytes),
        files=_over(total.source_bytes, total.encoded_bytes),
        files_with_model=_over(total.source_bytes, total.encoded_bytes + beside),
    )


def _over(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None
