"""Descriptions of a codec for `inspect`: its networks, and each feature column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec, needed_columns
from ae_pipeline.codec.features import FeaturesCodec
from ae_pipeline.coding import Architecture
from ae_pipeline.errors import listing
from ae_pipeline.formats.base import Facts, FragmentFormat
from ae_pipeline.results.inspection import InspectedColumn


def features_facts(codec: FeaturesCodec) -> Facts:
    """Describe the autoencoder of a features codec."""
    texts = [f"{name} ({text.width:,} terms)" for name, text in codec.texts.items()]
    told: Facts = {"texts, learned and kept": listing(texts)} if texts else {}
    facts = {"codec": codec.id, **_network_facts(codec.architecture)}
    return {**facts, **told, "latents": codec.rounding.kind, **_rounding_facts(codec)}


def _rounding_facts(codec: FeaturesCodec) -> Facts:
    """Tell how many bits a rounded latent has and what that costs, as the fit measured it."""
    record, rounding = codec.provenance.latents, codec.rounding
    if rounding.is_exact or record is None:
        return {"rounding": "none" if rounding.is_exact else "not measured"}
    return {
        "bits per latent": round(record.bits, 2),
        "steps of latents": listing([f"{step:g}" for step in rounding.steps]) or "those of float16",
        "standardised MSE, exact latents": round(record.mse, 6),
        "MSE added by rounding": f"{100 * record.mse_growth:.2g} %",
    }


def stored_latent_facts(
    format: FragmentFormat, ledgers: Iterable[Mapping[str, int]], n_rows: int
) -> Facts:
    """Return the bits that a number of a latent takes in files; nothing if there are no latents.

    Args:
        format: of the dataset.
        ledgers: bytes of each fragment by part.
        n_rows: rows of all fragments.
    """
    architecture = format.architecture
    n_bytes = sum(ledger.get("latents", 0) for ledger in ledgers)
    if architecture is None or not n_bytes or not n_rows:
        return {}
    bits = 8 * n_bytes / (n_rows * architecture.latent_dim)
    return {"stored bits per latent": round(bits, 2)}


def archive_facts(codec: ArchiveCodec) -> Facts:
    """Describe the models of an archive codec, and the number of rows from which they pay."""
    predictor, network = codec.predictor, codec.network
    terms = "none" if predictor is None else f"{len(predictor.weights)} terms"
    facts: Facts = {
        "codec": codec.id,
        **_table_facts(codec),
        "linear prediction": terms,
        "decoded with a column": f"at most {_most_needed(codec)} others",
        **_break_even(codec),
    }
    if network is None:
        return {**facts, "network": "none"}
    return {**facts, **_network_facts(network.architecture), "window": network.window}


def features_column(codec: FeaturesCodec, number: int) -> InspectedColumn:
    """Describe a feature column by its statistics when the codec was fitted."""
    name, kind = codec.schema.features[number], codec.schema.feature_types[number]
    lane = codec.schema.spans[number].start
    if lane in codec.categories:
        role = f"{len(codec.categories[lane].values)} categories"
        return InspectedColumn(name, str(kind), role, center=None, std=None)
    role = "constant" if codec.standardization.is_constant[lane] else "feature"
    center = _finite(codec.standardization.center[lane])
    return InspectedColumn(name, str(kind), role, center=center, std=_finite(codec.std[number]))


def archive_column(codec: ArchiveCodec, number: int) -> InspectedColumn:
    """Describe a feature column by its promise and its grid."""
    name, kind = codec.schema.features[number], codec.schema.feature_types[number]
    promise = codec.promises[number]
    return InspectedColumn(
        name,
        str(kind),
        str(promise),
        center=_finite(codec.quantizers[number].grid.offset),
        std=_finite(codec.std[number]),
        tolerance=promise.absolute,
    )


def _table_facts(codec: ArchiveCodec) -> Facts:
    """Describe the table model, if there is one."""
    if codec.table is None:
        return {"table model": "none"}
    n_models, n_all = len(codec.table.model.models), len(codec.table.subcolumns)
    return {"table model": f"{n_models} of {n_all} sub-columns"}


def _most_needed(codec: ArchiveCodec) -> int:
    """Return the most columns that a reader of one column decodes beside it."""
    return max(map(len, needed_columns(codec).values()), default=0)


def _break_even(codec: ArchiveCodec) -> Facts:
    """Return the rows from which the model saves more than it costs, if that was measured.

    A table is compared with plain Parquet, other models with feature columns one by one.
    """
    plan, costs = codec.provenance.plan, codec.provenance.costs
    chosen = next((one for one in plan if one.is_chosen), None)
    if chosen is None or not chosen.model_bytes:
        return {}
    plain = sum(cost.plain_bytes for cost in costs if cost.is_coded)
    saved = (plain if costs else plan[0].payload_bytes) - chosen.payload_bytes
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


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
