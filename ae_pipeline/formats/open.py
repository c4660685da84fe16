"""The coder of a codec directory, whichever kind it is."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec import codec_kind
from ae_pipeline.codec.archive import load_archive_codec
from ae_pipeline.codec.features import load_features_codec
from ae_pipeline.columns import TableSchema, misfits, resolve_roles
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CodecMismatchError, ConfigError, CorruptFragmentError
from ae_pipeline.formats.archive import BLOCK_COLUMN, ArchiveFormat
from ae_pipeline.formats.base import FragmentFormat
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.formats.latent_records import check_new_names
from ae_pipeline.storage import Footer, Kind, codec_directory, read_footer, read_marker


def open_format(directory: Path, latent_column: str) -> ArchiveFormat | FeaturesFormat:
    """Load a codec and wrap it; errors as `load_codec`."""
    if codec_kind(directory) == "archive":
        return ArchiveFormat(load_archive_codec(directory))
    return FeaturesFormat(load_features_codec(directory), latent_column)


def find_format(job: EncodeJob, destination: Path) -> ArchiveFormat | FeaturesFormat | None:
    """The codec that was named, or the one that the destination uses now, if there is one."""
    if job.codec is not None:
        return open_format(Path(job.codec), job.latent_column)
    marker = read_marker(destination)
    if marker is None or marker.codec_id is None:
        return None
    return open_format(codec_directory(destination, marker.codec_id), job.latent_column)


def check_block_name(names: list[str]) -> None:
    """ConfigError if the source has a column of the block's name."""
    if BLOCK_COLUMN in names:
        raise ConfigError(
            "a column has the name of the one that encode adds",
            where=BLOCK_COLUMN,
            remedy="rename it in the source",
        )


def check_settings(job: EncodeJob, format: ArchiveFormat | FeaturesFormat) -> None:
    """Raise `ConfigError` if the job asks for what the codec at hand is not.

    Settings are used when a codec is fitted; one that is there already has its own.
    """
    codec = format.codec
    asked: dict[str, tuple[object, object]] = {}
    if job.columns.model_fields_set - {"accept_changes"}:
        roles = resolve_roles(codec.schema.arrow, job.columns, job.source)
        asked["feature columns"] = roles.features, codec.schema.features
    if job.network.latent_dim is not None and isinstance(format, FeaturesFormat):
        asked["network.latent_dim"] = job.network.latent_dim, format.codec.latent_dim
    if job.tolerance.model_fields_set - {"accept_flattened"} and isinstance(format, ArchiveFormat):
        asked["tolerance"] = job.tolerance.shaping(), codec.provenance.tolerance
    for setting, (wanted, found) in asked.items():
        if wanted != found:
            raise ConfigError(
                "the codec that is there was fitted with another setting",
                where=setting,
                expected=str(found),
                got=str(wanted),
                remedy=_otherwise(job),
            )


def _otherwise(job: EncodeJob) -> str:
    """What to do about a codec that was fitted with other settings."""
    if job.codec is not None:
        return "leave the setting out, or name a codec that was fitted with it"
    verb = "encode" if job.archive is not None else "features"
    return (
        f"leave the setting out, `{verb} --force` to fit a codec with it and write everything "
        f"anew, or `{verb}` with it to a new folder and give `backfill --codec` the codec made "
        "there (_ae/codecs/ID)"
    )


def check_schema(format: FragmentFormat, got: pa.Schema, where: str) -> None:
    """Raise if a fragment cannot be encoded with a codec; its kept columns may be others.

    Raises:
        CodecMismatchError: a feature column is missing or has another type; lists all columns that
            differ from those of the fit.
        ConfigError: a column has the name of one that encode adds.
    """
    differences = misfits(format.schema, got)
    if differences:
        raise CodecMismatchError(
            "columns differ from those the codec was fitted to",
            where=where,
            got="; ".join(differences),
            remedy=f"use another codec than {format.codec_id}, or fit one",
        )
    if isinstance(format, FeaturesFormat):
        check_new_names(TableSchema(got, format.schema.features), format.latent_column)
    else:
        check_block_name(got.names)


def require_footer(metadata: pq.FileMetaData, fragment: Fragment) -> Footer:
    """The footer of a fragment of ours; `CorruptFragmentError` if it has none."""
    footer = read_footer(metadata, fragment.relative)
    if footer is None:
        raise CorruptFragmentError(
            "not an encoded fragment",
            where=fragment.relative,
            expected="a file that encode wrote",
            remedy="take it out of the dataset",
        )
    return footer


def check_codec_kind(format: FragmentFormat, kind: Kind) -> None:
    """Raise `CodecMismatchError` unless a codec writes datasets of this kind."""
    if format.kind != kind:
        raise CodecMismatchError(
            "codec is of another kind",
            where=format.codec_id,
            expected=kind,
            got=format.kind,
            remedy="name another codec, or none to fit one",
        )
