"""Inspect: say what a path is and what it holds; reads footers, and of a source a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import TableSchema, resolve_roles
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.paths import argument_path
from ae_pipeline.dataset import (
    Source,
    discover,
    drifted_columns,
    fittable,
    list_row_groups,
    open_fragment,
    pinned,
    pinned_source,
    readable,
    typical_schema,
)
from ae_pipeline.errors import NoFeatureColumnError, listing
from ae_pipeline.fitting import column_fidelity, preview
from ae_pipeline.formats import open_format
from ae_pipeline.fragments import account, fragment_bytes
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.results.account import StoredBytes
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn, Inspection
from ae_pipeline.storage import Marker, codec_directory, read_footer, read_marker
from ae_pipeline.upkeep import counted, known_orphans

Facts: TypeAlias = dict[str, str | int | float]


def inspect(path: str) -> Inspection:
    """Tell a codec, features, an archive, a decoded dataset and a source apart, and describe it.

    Raises:
        AePipelineError: nothing is there, or it cannot be read.
    """
    path = argument_path(path, "PATH")
    if (Path(path) / CODEC_FILE).exists():
        return _inspect_codec(path)
    marker = read_marker(Path(path))
    source, complaints = readable(discover(path))
    if marker is not None and marker.codec_id is not None:
        found = _inspect_encoded(path, source, marker)
    else:
        found = _inspect_source("decoded dataset" if marker else "source", path, source)
    broken: Facts = {"not readable": listing(complaints)} if complaints else {}
    return replace(found, facts={**found.facts, **broken})


def _inspect_codec(path: str) -> Inspection:
    codec = open_format(Path(path), "").codec
    training = codec.provenance.training
    files = (file for file in Path(path).iterdir() if file.is_file())
    size_bytes = sum(file.stat().st_size for file in files if not is_temporary(file.name))
    facts: Facts = {
        **_codec_facts(codec),
        "bytes": size_bytes,
        "fitted on": codec.provenance.source,
        "rows measured": codec.provenance.n_rows,
        **{name.replace("_", " "): value for name, value in asdict(training).items()},
    }
    columns, plan = _codec_columns(codec), codec.provenance.plan
    return Inspection("codec", path, facts, columns, plan=plan, fidelity=_fidelity_of(codec))


def _inspect_encoded(path: str, source: Source, marker: Marker) -> Inspection:
    directory = codec_directory(Path(path), marker.codec_id or "")
    format = open_format(directory, "")
    n_rows = 0
    stored: list[StoredBytes] = []
    for fragment in map(pinned, source.fragments):
        with open_fragment(fragment) as file:
            metadata = file.metadata
        footer = read_footer(metadata, fragment.relative)
        n_rows += metadata.num_rows
        if footer is not None:
            stored.append(fragment_bytes(format, metadata, footer, fragment))
    orphans = known_orphans(Path(path), source.fragments, None, [directory])
    orphaned: Facts = {"orphaned": counted(orphans)} if orphans else {}
    facts: Facts = {
        **_dataset_facts(source),
        "rows": n_rows,
        **orphaned,
        **_codec_facts(format.codec),
    }
    kind = "archive" if marker.kind == "archive" else "features dataset"
    size_bytes = account(stored, Path(path), [directory])
    columns, plan = _codec_columns(format.codec), format.codec.provenance.plan
    return Inspection(kind, path, facts, columns, size_bytes, plan, _fidelity_of(format.codec))


def _inspect_source(kind: str, path: str, source: Source) -> Inspection:
    source = pinned_source(source)
    groups = list_row_groups(source.fragments)
    arrow = typical_schema(source)
    try:
        roles = resolve_roles(arrow, ColumnsConfig(), path)
    except NoFeatureColumnError:
        roles = TableSchema(arrow, ())
    drifted = drifted_columns(source)
    facts: Facts = {
        **_dataset_facts(source),
        **({"columns that differ": _told(drifted)} if drifted else {}),
        "row groups": len(groups),
        "rows": sum(group.n_rows for group in groups),
        "bytes": source.size_bytes,
        "files ignored": source.n_ignored,
        **({"of which": listing(source.ignored)} if source.ignored else {}),
    }
    fidelity: tuple[ColumnFidelity, ...] = ()
    if kind == "source" and roles.features:
        fidelity = preview(fittable(source, ColumnsConfig(), like=roles), roles)
    return Inspection(kind, path, facts, _schema_columns(roles), fidelity=fidelity)


def _fidelity_of(codec: FeaturesCodec | ArchiveCodec) -> tuple[ColumnFidelity, ...]:
    return column_fidelity(codec) if isinstance(codec, ArchiveCodec) else ()


def _told(drifted: Mapping[str, Sequence[str]]) -> str:
    """Columns and their types."""
    return listing([f"{name} ({', '.join(kinds)})" for name, kinds in drifted.items()])


def _dataset_facts(source: Source) -> Facts:
    partitions = {fragment.partition for fragment in source.fragments}
    return {"partitions": len(partitions), "fragments": len(source.fragments)}


def _codec_facts(codec: FeaturesCodec | ArchiveCodec) -> Facts:
    if isinstance(codec, ArchiveCodec):
        return _archive_facts(codec)
    return {"codec": codec.id, **_network_facts(codec.architecture)}


def _archive_facts(codec: ArchiveCodec) -> Facts:
    predictor, network = codec.predictor, codec.network
    terms = "none" if predictor is None else f"{len(predictor.weights)} terms"
    facts: Facts = {"codec": codec.id, "linear prediction": terms, **_break_even(codec)}
    if network is None:
        return {**facts, "network": "none"}
    return {**facts, **_network_facts(network.architecture), "window": network.window}


def _break_even(codec: ArchiveCodec) -> Facts:
    """Rows from which the model saves more than it takes, if it was chosen against none."""
    plan = codec.provenance.plan
    chosen = next((one for one in plan if one.is_chosen), None)
    if chosen is None or not chosen.model_bytes:
        return {}
    saved = plan[0].payload_bytes - chosen.payload_bytes
    n_rows = codec.provenance.n_rows * chosen.model_bytes / max(saved, 1)
    return {"model pays from rows": round(n_rows)}


def _network_facts(architecture: Architecture) -> Facts:
    widths = "-".join(map(str, architecture.layer_widths("encoder")))
    back = "-".join(map(str, architecture.layer_widths("decoder")))
    return {
        "network": f"{architecture.design}, {widths} and {back}, {architecture.activation}",
        "latent_dim": architecture.latent_dim,
        "parameters": architecture.n_parameters,
    }


def _schema_columns(schema: TableSchema) -> tuple[InspectedColumn, ...]:
    features = set(schema.features)
    return tuple(
        InspectedColumn(
            field.name, str(field.type), "feature" if field.name in features else "kept"
        )
        for field in schema.arrow
    )


def _codec_columns(codec: FeaturesCodec | ArchiveCodec) -> tuple[InspectedColumn, ...]:
    numbers = dict(zip(codec.schema.features, range(len(codec.std)), strict=True))
    return tuple(
        _feature(column, codec, numbers[column.name]) if column.name in numbers else column
        for column in _schema_columns(codec.schema)
    )


def _feature(
    column: InspectedColumn, codec: FeaturesCodec | ArchiveCodec, number: int
) -> InspectedColumn:
    std = _finite(codec.std[number])
    if isinstance(codec, ArchiveCodec):
        promise, center = codec.promises[number], _finite(codec.offset[number])
        tolerance = promise.absolute
        return replace(column, role=str(promise), center=center, std=std, tolerance=tolerance)
    role = "constant" if codec.standardization.is_constant[number] else "feature"
    center = _finite(codec.standardization.center[number])
    return replace(column, role=role, center=center, std=std)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
