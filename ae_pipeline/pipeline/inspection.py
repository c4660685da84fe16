"""Inspect: say what a path is and what it holds; reads footers, never data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from ae_pipeline.codec import CODEC_FILE, Codec, load_codec
from ae_pipeline.config import ColumnsConfig
from ae_pipeline.errors import NoFeatureColumnError
from ae_pipeline.features import codec_directory, column_bytes, read_footer, read_marker
from ae_pipeline.pipeline.measure import common_schema
from ae_pipeline.results import InspectedColumn, Inspection
from ae_pipeline.schema import TableSchema, resolve_roles
from ae_pipeline.source import Source, discover, list_row_groups, open_fragment


def inspect(path: str) -> Inspection:
    """Tell a codec, a features dataset, a decoded dataset and a source apart, and describe it.

    Raises:
        AePipelineError: nothing is there, or it cannot be read.
    """
    if (Path(path) / CODEC_FILE).exists():
        return _inspect_codec(path)
    marker = read_marker(Path(path))
    source = discover(path)
    if marker is not None and marker.kind == "features" and marker.codec_id is not None:
        codec = load_codec(codec_directory(Path(path), marker.codec_id))
        return _inspect_features(path, source, codec)
    return _inspect_source("decoded dataset" if marker else "source", path, source)


def _inspect_codec(path: str) -> Inspection:
    codec = load_codec(path)
    training = codec.provenance.training
    size_bytes = sum(file.stat().st_size for file in Path(path).iterdir() if file.is_file())
    facts: dict[str, str | int | float] = {
        **_codec_facts(codec),
        "parameters": codec.architecture.n_parameters,
        "bytes": size_bytes,
        "fitted on": codec.provenance.source,
        "rows measured": codec.provenance.n_rows,
        **{name.replace("_", " "): value for name, value in asdict(training).items()},
    }
    return Inspection("codec", path, facts, _codec_columns(codec))


def _inspect_features(path: str, source: Source, codec: Codec) -> Inspection:
    n_rows = latent_bytes = source_bytes = 0
    for fragment in source.fragments:
        with open_fragment(fragment) as file:
            metadata = file.metadata
        footer = read_footer(metadata, fragment.relative)
        n_rows += metadata.num_rows
        if footer is not None:
            latent_bytes += column_bytes(metadata, footer.latent_column)
            source_bytes += footer.source_bytes
    facts: dict[str, str | int | float] = {
        **_dataset_facts(source),
        "rows": n_rows,
        "bytes": source.size_bytes,
        "bytes of latents": latent_bytes,
        "bytes of its source": source_bytes,
        **_codec_facts(codec),
    }
    return Inspection("features dataset", path, facts, _codec_columns(codec))


def _inspect_source(kind: str, path: str, source: Source) -> Inspection:
    groups = list_row_groups(source.fragments)
    arrow = common_schema(source)
    try:
        roles = resolve_roles(arrow, ColumnsConfig(), path)
    except NoFeatureColumnError:
        roles = TableSchema(arrow, ())
    facts: dict[str, str | int | float] = {
        **_dataset_facts(source),
        "row groups": len(groups),
        "rows": sum(group.n_rows for group in groups),
        "bytes": source.size_bytes,
        "files ignored": source.n_ignored,
    }
    return Inspection(kind, path, facts, _schema_columns(roles))


def _dataset_facts(source: Source) -> dict[str, str | int | float]:
    partitions = {fragment.partition for fragment in source.fragments}
    return {"partitions": len(partitions), "fragments": len(source.fragments)}


def _codec_facts(codec: Codec) -> dict[str, str | int | float]:
    architecture = codec.architecture
    widths = "-".join(map(str, architecture.layer_widths("encoder")))
    back = "-".join(map(str, architecture.layer_widths("decoder")))
    return {
        "codec": codec.id,
        "network": f"{architecture.design}, {widths} and {back}, {architecture.activation}",
        "latent_dim": codec.latent_dim,
    }


def _schema_columns(schema: TableSchema) -> tuple[InspectedColumn, ...]:
    features = set(schema.features)
    return tuple(
        InspectedColumn(
            field.name, str(field.type), "feature" if field.name in features else "kept"
        )
        for field in schema.arrow
    )


def _codec_columns(codec: Codec) -> tuple[InspectedColumn, ...]:
    numbers = dict(zip(codec.schema.features, range(len(codec.std)), strict=True))
    return tuple(
        InspectedColumn(
            name=column.name,
            type=column.type,
            role=_role(codec, numbers[column.name]),
            center=_finite(codec.standardization.center[numbers[column.name]]),
            std=_finite(codec.std[numbers[column.name]]),
        )
        if column.name in numbers
        else column
        for column in _schema_columns(codec.schema)
    )


def _role(codec: Codec, number: int) -> str:
    return "constant" if codec.standardization.is_constant[number] else "feature"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
