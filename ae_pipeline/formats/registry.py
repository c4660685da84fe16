"""The kinds of dataset that ae-pipeline writes: find one, open its codec, check that it suits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec import load_codec
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.columns import TableSchema, misfits
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CodecMismatchError, ConfigError, CorruptFragmentError
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.base import FragmentFormat
from ae_pipeline.formats.features import LATENT_KEY, FeaturesFormat
from ae_pipeline.storage import Footer, codec_directory, marker_of, read_footer, read_marker
from ae_pipeline.store import place, visiting

#: Formats by kind, which is also the job setting that names the dataset to write.
FORMATS: Mapping[str, type[FragmentFormat]] = MappingProxyType(
    {"archive": ArchiveFormat, "features": FeaturesFormat}
)
_NO_EXTRA: Mapping[str, str] = MappingProxyType({})


def format_of(job: EncodeJob) -> type[FragmentFormat]:
    """Return the format of the dataset that a job writes."""
    return next(one for kind, one in FORMATS.items() if getattr(job, kind) is not None)


def destination_of(job: EncodeJob) -> Path:
    """Return the folder of the dataset that a job writes."""
    return place(getattr(job, format_of(job).kind))


def setting_of(path: str | None, otherwise: str) -> str:
    """Return the setting that names a dataset of the marker's kind; `otherwise` without one."""
    if path is None:
        return otherwise
    with visiting([marker_of(path)]):
        marker = read_marker(place(path))
    return marker.kind if marker is not None and marker.kind in FORMATS else otherwise


def open_format(directory: Path, extra: Mapping[str, str] = _NO_EXTRA) -> FragmentFormat:
    """Load a codec and wrap it in the format of its kind; errors as `load_codec`.

    Args:
        directory: folder of the codec.
        extra: footer entries that only this kind has; needed to encode.
    """
    codec = load_codec(directory)
    return FORMATS[codec.kind].wrap(codec, extra)


def open_features(
    directory: str | Path, latent_column: str, where: str | None = None
) -> FeaturesFormat:
    """Load a codec that makes latents; errors as `load_codec`.

    Args:
        directory: folder of the codec.
        latent_column: name of the latent column.
        where: the place that was asked for, for messages; None for the folder.

    Raises:
        CodecMismatchError: the codec is of another kind.
    """
    codec = load_codec(directory)
    if not isinstance(codec, FeaturesCodec):
        raise CodecMismatchError(
            "codec is of another kind",
            where=where or str(directory),
            expected=FeaturesFormat.kind,
            got=codec.kind,
            remedy="name a features dataset, or the folder of its codec",
        )
    return FeaturesFormat.wrap(codec, {LATENT_KEY: latent_column})


def find_format(job: EncodeJob, destination: Path) -> FragmentFormat | None:
    """Open the codec that the job names, or else the destination's; None if there is neither."""
    extra = format_of(job).extra_of(job)
    if job.codec is not None:
        return open_format(place(job.codec), extra)
    marker = read_marker(destination)
    if marker is None or marker.codec_id is None:
        return None
    return open_format(codec_directory(destination, marker.codec_id), extra)


def check_settings(job: EncodeJob, format: FragmentFormat) -> None:
    """Raise `ConfigError` if the job asks for settings that the codec was not fitted with.

    Such settings shape a codec when it is fitted; an existing codec has its own.
    """
    asked = format.conflicts(job)
    if job.columns.model_fields_set - {"accept_changes"}:
        roles = format.roles(format.schema.arrow, job, job.source, format.schema)
        asked = {"feature columns": (roles.features, format.schema.features), **asked}
    for setting, (wanted, found) in asked.items():
        if wanted != found:
            raise ConfigError(
                "the existing codec was fitted with another setting",
                where=setting,
                expected=str(found),
                got=str(wanted),
                remedy=_otherwise(job),
            )


def _otherwise(job: EncodeJob) -> str:
    """Return what to do about a codec that was fitted with other settings."""
    if job.codec is not None:
        return "leave the setting out, or name a codec that was fitted with it"
    verb = format_of(job).verb
    return (
        f"leave the setting out, `{verb} --force` to fit a codec with it and write everything "
        f"anew, or `{verb}` with it to a new folder and give `backfill --codec` the codec made "
        "there (_ae/codecs/ID)"
    )


def check_kind_of_codec(job: EncodeJob, format: FragmentFormat) -> None:
    """Raise `CodecMismatchError` unless the codec writes the job's kind of dataset."""
    wanted = format_of(job).kind
    if format.kind != wanted:
        raise CodecMismatchError(
            "codec is of another kind",
            where=format.codec_id,
            expected=wanted,
            got=format.kind,
            remedy="name another codec, or none to fit one",
        )


def check_schema(format: FragmentFormat, got: pa.Schema, where: str) -> None:
    """Raise if a codec cannot encode a fragment; its kept columns may differ from the fit's.

    Raises:
        CodecMismatchError: a feature column, or one of text, is missing or has another type; the
            message lists all columns that differ from those of the fit.
        ConfigError: a column has the name of one that encode adds.
    """
    differences = misfits(format.schema, got, format.texts)
    if differences:
        raise CodecMismatchError(
            "columns differ from those the codec was fitted to",
            where=where,
            got="; ".join(differences),
            remedy=f"use another codec than {format.codec_id}, or fit one",
        )
    format.check_names(TableSchema(got, format.schema.features), format.extra)


def require_footer(metadata: pq.FileMetaData, fragment: Fragment) -> Footer:
    """Return an encoded fragment's footer; `CorruptFragmentError` if it has none."""
    footer = read_footer(metadata, fragment.relative)
    if footer is None:
        raise CorruptFragmentError(
            "not an encoded fragment",
            where=fragment.relative,
            expected="a file that encode wrote",
            remedy="take it out of the dataset",
        )
    return footer
