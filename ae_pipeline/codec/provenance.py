"""Provenance as JSON, and back with every type checked.

The codec's id does not cover them, so nothing else would notice that they are damaged.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args  # Any: JSON trees

from ae_pipeline.codec.content import objects
from ae_pipeline.columns import Fidelity, Reference, Verdict
from ae_pipeline.results.fit import (
    Candidate,
    ColumnCost,
    EpochRecord,
    LatentRecord,
    RareColumn,
    TrainingSummary,
    WayRecord,
)

#: In formats 1.0 to 3.0 the losses lay in a file of their own.
HISTORY_FILE = "history.json"
_MOST = 1 << 63
_RECORDS = ("plan", "references", "columns", "costs", "rare", "ways")


def read_provenance(path: Path, tree: dict[str, Any]) -> Provenance:
    """Read provenance with its history; unknown keys are ignored.

    Args:
        path: directory of the codec.
        tree: its provenance as JSON.

    Raises:
        ValueError: a value is not of its type; KeyError and TypeError if one is missing.
    """
    (tree,) = objects([tree], "provenance")
    history = tree["history"] if "history" in tree else _read_history(path)
    known = _known(Provenance, tree)
    known["training"] = TrainingSummary(**_known(TrainingSummary, tree["training"]))
    records = {key: list(tree.get(key, ())) for key in _RECORDS}
    objects([one for listed in records.values() for one in listed], "provenance")
    known["rare"] = tuple(RareColumn(**_known(RareColumn, one)) for one in records["rare"])
    known["plan"] = tuple(Candidate(**_known(Candidate, one)) for one in records["plan"])
    known["costs"] = tuple(ColumnCost(**_known(ColumnCost, one)) for one in records["costs"])
    known["ways"] = tuple(WayRecord(**_known(WayRecord, one)) for one in records["ways"])
    known["references"] = tuple(map(_reference, records["references"]))
    known["columns"] = tuple(Fidelity(**_known(Fidelity, one)) for one in records["columns"])
    if known.get("latents") is not None:
        known["latents"] = LatentRecord(**_known(LatentRecord, tree["latents"]))
    epochs = [_known(EpochRecord, _with_nan(one)) for one in objects(history, "history")]
    known["history"] = tuple(EpochRecord(**epoch) for epoch in epochs)
    return Provenance(**known)


def provenance_to_json(provenance: Provenance) -> dict[str, Any]:
    """Write provenance as a JSON tree, with null for losses that are not finite."""
    tree = asdict(provenance)
    if not provenance.ways:
        del tree["ways"]
    if provenance.latents is None:
        del tree["latents"]
    return {**tree, "history": [_without_nan(record) for record in tree["history"]]}


def _read_history(path: Path) -> Any:
    """Read the losses of a codec of formats 1.0 to 3.0."""
    return json.loads((path / HISTORY_FILE).read_text(encoding="utf-8"))


def _known(kind: type, tree: dict[str, Any]) -> dict[str, Any]:
    """Return the keys that this release knows; a later minor version may have added others."""
    known = {field.name: tree[field.name] for field in fields(kind) if field.name in tree}
    for field in fields(kind):
        is_of_type = _CHECKS.get(str(field.type))
        if field.name in known and is_of_type and not is_of_type(known[field.name]):
            raise ValueError(f"{field.name} is {known[field.name]!r:.80}, not of type {field.type}")
    return known


def _reference(tree: dict[str, Any]) -> Reference:
    """Read edges and counts of one column; ValueError if they do not fit each other."""
    edges, counts = tuple(tree["edges"]), tuple(tree["counts"])
    if not all(map(_is_number, edges)) or not all(map(_is_count, counts)):
        raise ValueError("edges and counts of a reference are not all numbers")
    if len(counts) != len(edges) + 2:
        raise ValueError(f"{len(counts)} counts of {len(edges)} edges")
    return Reference(edges, counts)


def _is_number(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < _MOST
    return isinstance(value, float)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


#: By the annotations of records; other types are built from these.
_CHECKS: dict[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": _is_count,
    "float": _is_number,
    "int | None": lambda value: value is None or _is_count(value),
    "float | None": lambda value: value is None or _is_number(value),
    "Verdict": lambda value: value in get_args(Verdict),
    "dict[str, Any] | None": lambda value: value is None or isinstance(value, dict),
}


def _without_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Replace numbers that JSON lacks: the last loss of a training that diverged is NaN."""
    return {key: value if math.isfinite(value) else None for key, value in record.items()}


def _with_nan(record: dict[str, Any]) -> dict[str, Any]:
    """Invert `_without_nan`; infinities come back as NaN."""
    return {key: math.nan if value is None else value for key, value in record.items()}


@dataclass(frozen=True)
class Provenance:
    """Where a codec came from; not part of its identity.

    Args:
        source: path of the source it was fitted to.
        fit_key: hash of source fingerprints and settings; the same key means the same fit.
        n_rows: rows measured.
        training: summary of the training.
        history: losses, epoch by epoch.
        tolerance: the settings that tolerances were resolved from, for archives.
        plan: the candidates it was chosen from, for archives.
        references: distribution of the values of each feature column, for archives.
        columns: what the promise leaves of each feature column, for archives.
        costs: bytes of each column as plain Parquet and coded, for archives that code tables.
        rare: columns whose rare values are lost, for features.
        ways: what lanes, then sub-columns of mapped columns, take in which way, for archives.
        latents: what rounding latents costs, for features.
    """

    source: str
    fit_key: str
    n_rows: int
    training: TrainingSummary
    history: tuple[EpochRecord, ...] = ()
    tolerance: dict[str, Any] | None = None
    plan: tuple[Candidate, ...] = ()
    references: tuple[Reference, ...] = ()
    columns: tuple[Fidelity, ...] = ()
    costs: tuple[ColumnCost, ...] = ()
    rare: tuple[RareColumn, ...] = ()
    ways: tuple[WayRecord, ...] = ()
    latents: LatentRecord | None = None
