"""Inspect: say what a path is and what it holds, from footers and, for a source, a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import pyarrow.parquet as pq

from ae_pipeline.codec import holds_codec
from ae_pipeline.columns import TableSchema, resolve_roles
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.paths import argument_source
from ae_pipeline.dataset import (
    Source,
    discover,
    drifted_columns,
    fittable,
    known_values,
    list_row_groups,
    opened_end,
    partition_keys,
    pinned,
    pinned_source,
    readable,
    typical_schema,
)
from ae_pipeline.errors import NoFeatureColumnError, listing
from ae_pipeline.fitting import preview
from ae_pipeline.formats import Facts, FragmentFormat, Statistics, count_skipping, open_format
from ae_pipeline.formats.description import stored_latent_facts
from ae_pipeline.fragments import account, fragment_bytes
from ae_pipeline.hidden_names import is_temporary
from ae_pipeline.lake import reading_table
from ae_pipeline.parquet import column_sizes, leaf_sizes
from ae_pipeline.results.account import StoredBytes
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.results.inspection import ColumnSkipping, InspectedColumn, Inspection
from ae_pipeline.storage import Marker, codec_directory, read_footer, read_marker
from ae_pipeline.store import place, visiting
from ae_pipeline.upkeep import describe_orphans, known_orphans
from ae_pipeline.verbs.sources.columns import measured_columns


def inspect(path: str) -> Inspection:
    """Describe a codec, features, an archive, a decoded dataset or a source.

    Raises:
        AePipelineError: the path does not exist or cannot be read.
    """
    path = argument_source(path, "PATH")
    with visiting([path]), reading_table(path) as source:
        return _inspect(source or path)


def _inspect(path: str) -> Inspection:
    if holds_codec(place(path)):
        return _inspect_codec(path)
    marker = read_marker(place(path))
    source, complaints = readable(discover(path))
    if marker is not None and marker.codec_id is not None:
        found = _inspect_encoded(path, source, marker)
    else:
        found = _inspect_source("decoded dataset" if marker else "source", path, source)
    broken: Facts = {"not readable": listing(complaints)} if complaints else {}
    return replace(found, facts={**found.facts, **broken})


def _inspect_codec(path: str) -> Inspection:
    format = open_format(place(path))
    provenance = format.provenance
    files = (file for file in place(path).iterdir() if file.is_file())
    size_bytes = sum(file.stat().st_size for file in files if not is_temporary(file.name))
    facts: Facts = {
        **format.facts(),
        "bytes": size_bytes,
        "fitted on": provenance.source,
        "rows measured": provenance.n_rows,
        **{name.replace("_", " "): value for name, value in asdict(provenance.training).items()},
    }
    return Inspection(
        "codec",
        path,
        facts,
        _codec_columns(format),
        plan=provenance.plan,
        fidelity=format.fidelity(),
        costs=provenance.costs,
    )


def _inspect_encoded(path: str, source: Source, marker: Marker) -> Inspection:
    directory = codec_directory(place(path), marker.codec_id or "")
    format = open_format(directory)
    n_rows = 0
    stored: list[StoredBytes] = []
    blocks: list[Statistics] = []
    plain: Counter[str] = Counter()
    for fragment in map(pinned, source.fragments):
        with opened_end(fragment) as content:
            metadata, leaves = pq.read_metadata(content), leaf_sizes(content)
        footer = read_footer(metadata, fragment.relative)
        n_rows += metadata.num_rows
        if footer is not None:
            stored.append(fragment_bytes(format, metadata, footer, fragment))
            blocks += format.statistics(metadata, footer, fragment.relative)
            plain += column_sizes(leaves, format.schema.arrow.names)
    skipping = count_skipping(blocks)
    orphans = known_orphans(place(path), source.fragments, None, [format.provenance.source])
    orphaned: Facts = {"orphaned": describe_orphans(orphans)} if orphans else {}
    facts: Facts = {
        **_dataset_facts(source),
        "rows": n_rows,
        **orphaned,
        **format.facts(),
        **_skipping_facts(skipping, len(blocks)),
        **stored_latent_facts(format, [one.ledger for one in stored], n_rows),
    }
    return Inspection(
        format.label,
        path,
        facts,
        _codec_columns(format),
        bytes=account(stored, place(path), [directory]),
        plan=format.provenance.plan,
        fidelity=format.fidelity(),
        costs=tuple(_as_stored(cost, plain) for cost in format.provenance.costs),
        skipping=skipping,
    )


def _skipping_facts(skipping: Sequence[ColumnSkipping], n_blocks: int) -> Facts:
    """Return the columns by whose bounds most blocks can be skipped, in one line."""
    if not n_blocks:
        return {}
    ranked = sorted(skipping, key=lambda one: -one.n_narrow)
    useful = [f"{one.name} ({one.n_narrow:,})" for one in ranked if one.n_narrow]
    told = f"at most {n_blocks:,}, by bounds of {listing(useful)}" if useful else "none"
    return {"blocks": n_blocks, "blocks that bounds can skip": told}


def _as_stored(cost: ColumnCost, plain: Mapping[str, int]) -> ColumnCost:
    """Return the cost of a column; a kept one takes what its column chunks take."""
    return cost if cost.is_coded else replace(cost, plain_bytes=plain.get(cost.name, 0))


def _inspect_source(kind: str, path: str, source: Source) -> Inspection:
    source = pinned_source(source)
    groups = list_row_groups(source.fragments)
    arrow = typical_schema(source)
    try:
        roles = resolve_roles(arrow, ColumnsConfig(), path)
    except NoFeatureColumnError:
        roles = TableSchema(arrow, ())
    drifted = [f"{name} ({', '.join(kinds)})" for name, kinds in drifted_columns(source).items()]
    facts: Facts = {
        **({} if source.table is None else {"table": source.table.told}),
        **_dataset_facts(source),
        **({"columns that differ": listing(drifted)} if drifted else {}),
        "row groups": len(groups),
        "rows": sum(group.n_rows for group in groups),
        "bytes": source.size_bytes,
        "files ignored": source.n_ignored,
        **({"of which": listing(source.ignored)} if source.ignored else {}),
    }
    fidelity: tuple[ColumnFidelity, ...] = ()
    if kind != "source":
        return Inspection(kind, path, facts, _schema_columns(roles))
    if roles.features:
        fidelity = preview(fittable(source, ColumnsConfig(), like=roles), roles)
    columns = measured_columns(source, groups, roles, fidelity)
    return Inspection(kind, path, facts, columns, fidelity=fidelity)


def _dataset_facts(source: Source) -> Facts:
    partitions = {fragment.partition for fragment in source.fragments}
    has_keys = len(partition_keys(source.fragments)) > 1  # the first is the path
    named: Facts = {"partition keys": known_values(source.fragments)} if has_keys else {}
    return {"partitions": len(partitions), **named, "fragments": len(source.fragments)}


def _schema_columns(schema: TableSchema) -> tuple[InspectedColumn, ...]:
    features = set(schema.features)
    return tuple(
        InspectedColumn(one.name, str(one.type), "feature" if one.name in features else "kept")
        for one in schema.arrow
    )


def _codec_columns(format: FragmentFormat) -> tuple[InspectedColumn, ...]:
    """Describe the columns of a codec; those that are neither features nor kept are exact."""
    numbers = {name: number for number, name in enumerate(format.schema.features)}
    arrow = format.schema.arrow
    kept = set((format.stored_schema(arrow) or arrow).names)
    return tuple(
        format.describe_column(numbers[column.name])
        if column.name in numbers
        else replace(column, role="kept" if column.name in kept else "exact")
        for column in _schema_columns(format.schema)
    )
