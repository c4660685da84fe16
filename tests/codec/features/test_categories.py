"""Categories of a codec on disk: the very ones, or a named error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from ae_pipeline.codec.features import FeaturesCodec, load_features_codec, save_features_codec
from ae_pipeline.errors import CorruptCodecError
from tests.support.codec.features import assert_same_codec
from tests.support.codec.learned import drawn_codec
from tests.support.codec.trees import read_codec_json, write_codec_json
from tests.support.strategies.learnable import learnable_tables

TABLE = pa.table(
    {
        "word": pa.array(["a", "b", None, "a"] * 5),
        "flag": [True, False, True, True] * 5,
        "few": pa.array([1, 2, 255, 2] * 5, pa.uint8()),
        "when": pa.array(range(20), pa.timestamp("us")),
        "point": pa.array(np.arange(40.0).reshape(20, 2).tolist(), pa.list_(pa.float64(), 2)),
    }
)


def small_codec() -> FeaturesCodec:
    """Three columns of categories, one of times, one of vectors."""
    codec = drawn_codec(TABLE)
    assert codec is not None
    return codec


@given(learnable_tables(1))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, tables: list[pa.Table]) -> None:
    """Values, shares and what is kept exactly come back with the same id."""
    codec = drawn_codec(tables[0])
    if codec is None:
        return
    folder = tmp_path_factory.mktemp("codec")
    save_features_codec(codec, folder)
    got = load_features_codec(folder)
    assert_same_codec(codec, got)
    assert got.categories == codec.categories
    assert got.keeps_exact


def test_json_as_documented(tmp_path: Path) -> None:
    """Categories have values and shares, vectors lists of numbers, all others numbers."""
    save_features_codec(small_codec(), tmp_path)
    tree = read_codec_json(tmp_path)
    assert tree["keeps_exact"] is True
    features = {one["name"]: one for one in tree["features"]}
    assert features["word"]["values"] == ["a", "b"]
    assert features["word"]["shares"] == [0.5, 0.25, 0.25]
    assert features["flag"]["values"] == [True, False]
    assert features["few"]["values"] == [2, 1, 255]
    assert (features["few"]["center"], features["few"]["scale"]) == (None, 0.0)
    assert "values" not in features["when"]
    assert features["when"]["center"] == 9.5
    assert features["point"]["center"] == [19.0, 20.0]
    assert tree["architecture"]["n_inputs"] == 3 + 2 + 3 + 1 + 2


def test_no_other_id_than_its_content(tmp_path: Path) -> None:
    """Another share, another order of values, or no exact values are other codecs."""
    folder = tmp_path / "codec"
    save_features_codec(small_codec(), folder)
    for change in (
        {"word": {"values": ["b", "a"]}},
        {"word": {"shares": [0.5, 0.25, 0.125]}},
        {},
    ):
        tree = read_codec_json(folder)
        forge(tree, change)
        if not change:
            tree["keeps_exact"] = False
        write_codec_json(tmp_path, tree)
        (tmp_path / "weights.safetensors").write_bytes(
            (folder / "weights.safetensors").read_bytes()
        )
        with pytest.raises(CorruptCodecError, match="id"):
            load_features_codec(tmp_path)


def forge(tree: dict[str, Any], change: dict[str, dict[str, Any]]) -> None:
    """Change keys of features; None takes one away."""
    for feature in tree["features"]:
        feature.update(change.get(feature["name"], {}))
        for key in [key for key, value in feature.items() if value == "gone"]:
            del feature[key]


FORGED: dict[str, dict[str, dict[str, Any]]] = {
    "values no list": {"word": {"values": "ab"}},
    "values null": {"word": {"values": None}},
    "no values of text": {"word": {"values": "gone"}},
    "no shares": {"word": {"shares": "gone"}},
    "shares no list": {"word": {"shares": 1}},
    "fewer shares": {"word": {"shares": [0.5]}},
    "more shares": {"word": {"shares": [0.25] * 4}},
    "many shares": {"word": {"values": [], "shares": [0.0] * 70_000}},
    "a negative share": {"word": {"shares": [0.5, -0.25, 0.25]}},
    "shares above 1": {"word": {"shares": [0.5, 0.5, 0.5]}},
    "a huge share": {"word": {"shares": [1e300, 0.0, 0.0]}},
    "a share that is text": {"word": {"shares": ["?", 0.25, 0.25]}},
    "a share that is null": {"word": {"shares": [None, 0.25, 0.25]}},
    "a value twice": {"word": {"values": ["a", "a"]}},
    "a number among words": {"word": {"values": ["a", 1]}},
    "null among words": {"word": {"values": ["a", None]}},
    "a list among words": {"word": {"values": ["a", []]}},
    "half a surrogate": {"word": {"values": ["a", "\ud800"]}},
    "booleans as numbers": {"flag": {"values": [1, 0]}},
    "numbers as booleans": {"few": {"values": [2, 1, True]}},
    "numbers as floats": {"few": {"values": [2.0, 1.0, 255.0]}},
    "a number too large": {"few": {"values": [2, 1, 256]}},
    "a number far too large": {"few": {"values": [2, 1, 1 << 70]}},
    "values of times": {"when": {"values": [1], "shares": [1.0]}},
    "values of vectors": {"point": {"values": [1], "shares": [1.0]}},
    "a centre of categories": {"word": {"center": 1.0}},
    "a scale of categories": {"word": {"scale": 1.0}},
    "one centre of vectors": {"point": {"center": 1.0}},
    "fewer centres": {"point": {"center": [1.0]}},
    "centres of a number": {"when": {"center": [1.0]}},
    "another width": {"word": {"values": ["a"], "shares": [0.5]}},
}


@pytest.mark.parametrize("name", FORGED)
def test_forged(tmp_path: Path, name: str) -> None:
    """Values and shares that do not fit their column, or each other, are a corrupt codec."""
    save_features_codec(small_codec(), tmp_path)
    tree = read_codec_json(tmp_path)
    forge(tree, FORGED[name])
    write_codec_json(tmp_path, tree)
    with pytest.raises(CorruptCodecError) as caught:
        load_features_codec(tmp_path)
    assert "content of id" not in str(caught.value)  # refused for itself
