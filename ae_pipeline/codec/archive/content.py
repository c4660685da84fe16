"""The content of an archive codec as data: canonical JSON, arrays, and the hash that is its id."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Float64

from ae_pipeline.codec.archive.network import ArchiveNetwork
from ae_pipeline.codec.archive.quantizer_file import quantizers_to_json
from ae_pipeline.codec.archive.table import (
    REFERENCES_FILE,
    TABLE_FILE,
    VALUES_FILE,
    TableCodec,
    pack_values,
    table_to_json,
)
from ae_pipeline.codec.arrays_file import Arrays
from ae_pipeline.codec.content import architecture_to_json, columns_to_json, content_id, nullable
from ae_pipeline.coding import IntegerDecoder, LinearPredictor, Promise, Quantizer
from ae_pipeline.columns import TableSchema

ARCHIVE_KIND = "archive"


@dataclass(frozen=True)
class ArchiveContent:
    """Schema, grids and predictors.

    Args:
        schema: source schema and roles.
        quantizers: grid and promise of each feature column.
        std: standard deviation of each feature column at fit time, the unit of reports.
        predictor: None if no column is predicted from other columns' cells.
        network: None if no column is predicted from codes.
        table: None if the feature columns are coded alone.
    """

    schema: TableSchema
    quantizers: tuple[Quantizer, ...]
    std: Float64[np.ndarray, "features"]
    predictor: LinearPredictor | None
    network: ArchiveNetwork | None
    table: TableCodec | None = field(default=None, kw_only=True)

    @property
    def lane_quantizers(self) -> tuple[Quantizer, ...]:
        """Grid and promise of each lane; those of a vector column have the same."""
        pairs = zip(self.quantizers, self.schema.spans, strict=True)
        return tuple(one for one, numbers in pairs for _ in numbers)

    @property
    def offset(self) -> Float64[np.ndarray, "lanes"]:
        """Origin of each lane's grid, in source units."""
        return np.array([one.grid.offset for one in self.lane_quantizers], np.float64)

    @property
    def cell(self) -> Float64[np.ndarray, "lanes"]:
        """Width of each lane's cells in source units; 0 if they differ."""
        return np.array([one.grid.cell for one in self.lane_quantizers], np.float64)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """The promise of each feature column."""
        return tuple(quantizer.promise for quantizer in self.quantizers)

    @cached_property
    def id(self) -> str:
        """20 hex digits of SHA-256 over canonical JSON and all arrays."""
        labelled = [
            (f"{name}{array.dtype.str}{array.shape}", array)
            for arrays in model_arrays(self).values()
            for name, array in arrays.items()
        ]
        files = [(name, np.frombuffer(one, np.uint8)) for name, one in table_files(self).items()]
        return content_id(archive_to_json(self), [*labelled, *files])


def archive_to_json(content: ArchiveContent) -> dict[str, Any]:
    """Write everything but the weights as a JSON tree."""
    predictor, network = content.predictor, content.network
    pairs = zip(nullable(content.std), quantizers_to_json(content.quantizers), strict=True)
    more = [{"std": std, **keys} for std, keys in pairs]
    return {
        "kind": ARCHIVE_KIND,
        **columns_to_json(content.schema, more),
        "predictor": None if predictor is None else {"n_terms": len(predictor.weights)},
        "network": None if network is None else _network_to_json(network),
        **({} if content.table is None else {"table": table_to_json(content.table)}),
    }


def model_arrays(content: ArchiveContent) -> dict[str, Arrays]:
    """Return the arrays of each file by name; decoding needs all but the encoder's."""
    parts: dict[str, Arrays] = {}
    if content.predictor is not None:
        parts["predictor"] = _arrays_of(content.predictor)
    if content.network is not None:
        parts["decoder"] = _arrays_of(content.network.decoder)
        step = np.ascontiguousarray(content.network.code_step, dtype="<f4")
        parts["encoder"] = {**content.network.stored_encoder(), "code_step": step}
    return parts


def table_files(content: ArchiveContent) -> dict[str, bytes]:
    """Return the files of the table model by name; none without one."""
    if content.table is None:
        return {}
    files = {TABLE_FILE: content.table.content, VALUES_FILE: pack_values(content.table)}
    return {**files, REFERENCES_FILE: content.table.kept} if content.table.kept else files


def _arrays_of(part: LinearPredictor | IntegerDecoder) -> Arrays:
    return {field.name: np.ascontiguousarray(getattr(part, field.name)) for field in fields(part)}


def _network_to_json(network: ArchiveNetwork) -> dict[str, Any]:
    return {
        "window": network.window,
        "encoder_bits": network.encoder_bits,
        "architecture": architecture_to_json(network.architecture),
        "clip_sigma": network.standardization.clip_sigma,
        "center": nullable(network.standardization.center),
        "scale": network.standardization.scale.tolist(),
    }
