"""Texts of a features codec: seen by the network, kept beside the latents, checked when read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec.features import load_features_codec, save_features_codec
from ae_pipeline.errors import CodecMismatchError, CorruptCodecError
from ae_pipeline.formats import check_schema
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.inputs import Text
from tests.support.checks import assert_one_line
from tests.support.codec.features import WORDED, assert_same_codec, worded_codec, worded_table
from tests.support.codec.trees import read_codec_json, write_codec_json

WORDS = st.none() | st.sampled_from(["", "win", "Win win call!", "call", "other", "!", "好"])


def test_save_and_load(tmp_path: Path) -> None:
    """Terms and weights are saved with the codec, in their order."""
    codec = worded_codec(texts={"words": Text(("好", "win*", '"'), (0.1, 2.0, 3.25))})
    save_features_codec(codec, tmp_path)
    got = load_features_codec(tmp_path)
    assert_same_codec(codec, got)
    assert got.texts == codec.texts


@pytest.mark.parametrize(
    "text",
    [
        Text(("win", "call", "?"), (1.0, 1.5, 0.5)),
        Text(("call", "win", "!"), (1.0, 1.5, 0.5)),
        Text(("win", "call", "!"), (1.0, 1.5, 0.25)),
    ],
    ids=["terms", "order", "weights"],
)
def test_texts_decide_the_id(text: Text) -> None:
    """Codecs that see other terms, or weigh them otherwise, have other ids."""
    assert worded_codec(texts={"words": text}).id != worded_codec().id


@given(st.lists(st.tuples(st.integers(-99, 99), WORDS), max_size=20))
def test_rows_come_back_with_their_text(rows: list[tuple[int, str | None]]) -> None:
    """The text is kept as it was, the network sees its terms, and numbers decode without it."""
    numbers, words = [number / 4 for number, _ in rows], [word for _, word in rows]
    records = worded_table(numbers, numbers[::-1], words)
    codec = worded_codec(keeps_exact=True)
    format = FeaturesFormat(codec)
    encoded, varying = format.encode_records(format.encoded_schema(WORDED), records)
    assert encoded["words"].to_pylist() == words
    assert varying == set()
    latents = np.array(encoded["latent"].to_pylist(), np.float32).reshape(len(rows), 3)
    bags = codec.texts["words"].expand(records["words"])
    np.testing.assert_array_equal(latents[:, 2], bags[:, 0])
    assert format.decode_records("latent", WORDED, "here", encoded).equals(records)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (WORDED.remove(WORDED.get_field_index("words")), "words is missing"),
        (WORDED.set(WORDED.get_field_index("words"), pa.field("words", pa.binary())), "words is"),
    ],
    ids=["missing", "binary"],
)
def test_text_must_be_there(schema: pa.Schema, told: str) -> None:
    """A fragment without the text, or with one of another type, is refused in one line."""
    with pytest.raises(CodecMismatchError, match=told) as caught:
        check_schema(FeaturesFormat(worded_codec()), schema, "part-9.parquet")
    assert_one_line(caught.value)


def _set(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(tree: dict[str, Any]) -> None:
        tree["texts"][0][key] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("name", "left"),
        _set("name", "key"),
        _set("name", "nowhere"),
        _set("name", 3),
        _set("terms", ["win", "win", "!"]),
        _set("terms", ["win", "call"]),
        _set("terms", ["win", 3, "!"]),
        _set("terms", "win"),
        _set("terms", []),
        _set("weights", [1.0, 1.5, 0.0]),
        _set("weights", [1.0, None, 0.5]),
        lambda tree: tree["texts"].append(tree["texts"][0]),
        lambda tree: tree.update(texts={"words": ["win"]}),
        lambda tree: tree.pop("texts"),
    ],
)
def test_damaged_texts_are_refused(tmp_path: Path, change: Callable[[Any], None]) -> None:
    """Texts that do not fit the codec are damage, told in one line."""
    save_features_codec(worded_codec(), tmp_path)
    tree = read_codec_json(tmp_path)
    change(tree)
    write_codec_json(tmp_path, tree)
    with pytest.raises(CorruptCodecError) as caught:
        load_features_codec(tmp_path)
    assert_one_line(caught.value)
