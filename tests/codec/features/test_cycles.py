"""Cycles in the JSON of a codec: read as written, refused where they do not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any  # JSON

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.features import load_features_codec, save_features_codec
from ae_pipeline.codec.features.cycles import cycles_from_json
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization, TableSchema
from ae_pipeline.inputs import possible_cycles
from tests.support.codec.drawn import random_weights
from tests.support.codec.features import assert_same_codec, hand_set_codec

KIND = pa.timestamp("ms", "Europe/Berlin")
SCHEMA = TableSchema(pa.schema([("at", KIND)]), ("at",))


def test_a_codec_with_cycles_round_trips(tmp_path: Path, generator: np.random.Generator) -> None:
    """Cycles are part of the codec: of its id, its files and what its networks see."""
    architecture = Architecture(5, 2, (3,), (3,), "relu", "residual")
    possible = possible_cycles(KIND)
    codec = hand_set_codec(
        schema=SCHEMA,
        std=np.array([9.0]),
        standardization=Standardization(np.array([50.0]), np.array([9.0]), 10.0),
        architecture=architecture,
        weights=random_weights(architecture, generator),
        cycles={0: (possible["day"], possible["year"])},
    )
    save_features_codec(codec, tmp_path / "codec")
    again = load_features_codec(tmp_path / "codec")
    assert_same_codec(codec, again)
    assert again.cycles == codec.cycles
    assert again.inputs.n_inputs == 5


@pytest.mark.parametrize(
    ("cycles", "scale"),
    [
        (["hour"], 1.0),
        (["week", "day"], 1.0),
        (["day", "day"], 1.0),
        ("day", 1.0),
        (["day"], 0.0),
        ([["day"]], 1.0),
    ],
)
def test_cycles_that_do_not_fit_are_refused(cycles: Any, scale: float) -> None:
    """Unknown, repeated or unsorted names, and cycles of a constant, are damage."""
    with pytest.raises(ValueError, match="cycles"):
        cycles_from_json(SCHEMA, [{"name": "at", "cycles": cycles, "scale": scale}])
