"""Codecs on disk: whole and equal, or refused."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any  # JSON trees

import numpy as np
import pyarrow as pa
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec import CODEC_FILE, Provenance
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec, save_features_codec
from ae_pipeline.columns import Standardization
from ae_pipeline.errors import (
    CodecError,
    CodecNotFoundError,
    CorruptCodecError,
    DestinationError,
    UnsupportedFormatError,
)
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.results.fit import EpochRecord, TrainingSummary
from tests.support.checks import assert_one_line
from tests.support.codec.drawn import random_weights
from tests.support.codec.features import (
    assert_restores,
    assert_same_codec,
    hand_set_codec,
    hand_set_table,
    hand_set_weights,
)
from tests.support.codec.trees import read_codec_json, write_codec_json, write_codec_text

FILES = (CODEC_FILE, "weights.safetensors")
finite = st.floats(allow_nan=False, allow_infinity=False)
spreads = st.floats(min_value=0.0, allow_nan=False, allow_infinity=False)
scales = spreads.filter(lambda scale: scale > 1e-300)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The codec by formula, saved."""
    save_features_codec(hand_set_codec(), tmp_path / "codec")
    return tmp_path / "codec"


def edit(directory: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the codec's JSON."""
    tree = read_codec_json(directory)
    change(tree)
    write_codec_json(directory, tree)


def in_new_process(code: str) -> str:
    """What the code prints in a process that has imported nothing."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_save_and_load(directory: Path) -> None:
    """What is saved is loaded: the same content, the same id, the same provenance."""
    got = load_features_codec(directory)
    assert_same_codec(hand_set_codec(), got)
    assert got.provenance == hand_set_codec().provenance
    assert sorted(path.name for path in directory.iterdir()) == sorted(FILES)
    assert_same_codec(got, load_features_codec(str(directory)))


@given(
    st.lists(st.tuples(finite, scales, spreads), min_size=4, max_size=4),
    st.lists(st.tuples(finite | st.just(math.nan), st.just(0.0), spreads), min_size=2, max_size=2),
    st.integers(0, 1 << 32),
)
def test_any_numbers_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    columns: list[tuple[float, float, float]],
    constants: list[tuple[float, float, float]],
    seed: int,
) -> None:
    """Centres, scales, deviations and weights come back with all their digits, NaN centres too."""
    center, scale, std = np.array([*columns, *constants], np.float64).T
    codec = hand_set_codec()
    generator = np.random.default_rng(seed)
    codec = hand_set_codec(
        std=std,
        standardization=Standardization(center, scale, 10.0),
        weights=random_weights(codec.architecture, generator, spread=1e30),
    )
    directory = tmp_path_factory.mktemp("codec")
    save_features_codec(codec, directory)
    assert_same_codec(codec, load_features_codec(directory))


def test_loaded_codec_encodes_as_the_saved_one(directory: Path) -> None:
    """A codec does on every machine what it did before it was saved."""
    assert_restores(
        load_features_codec(directory), hand_set_table([0.0, 1.25, -3.0], [2.0, 0.5, 0.25])
    )


def test_history_of_a_training_that_diverged(tmp_path: Path) -> None:
    """Losses that are no numbers are saved, in files without NaN, and are loaded as NaN."""
    history = (EpochRecord(0, 0, 1.0, 1.0, 0.0), EpochRecord(1, 9, math.nan, math.inf, 0.5))
    summary = TrainingSummary(1, 9, "diverged", 0, 1.0, 1.0)
    codec = hand_set_codec(provenance=Provenance("somewhere", "0" * 32, 3, summary, history))
    save_features_codec(codec, tmp_path)
    got = load_features_codec(tmp_path).provenance
    assert (got.training, got.history[0]) == (summary, history[0])
    assert math.isnan(got.history[1].train_loss)
    assert math.isnan(got.history[1].validation_loss)
    records = read_codec_json(tmp_path)["provenance"]["history"]
    assert (records[1]["train_loss"], records[1]["validation_loss"]) == (None, None)


def test_files_are_as_documented(directory: Path) -> None:
    """A reader that knows docs/format.md alone finds every key, every tensor and the id."""
    tree = read_codec_json(directory)
    content = ("schema", "features", "clip_sigma", "architecture")
    assert set(tree) == {"id", "format_version", "provenance", *content}
    canonical = json.dumps(
        {key: tree[key] for key in content}, sort_keys=True, separators=(",", ":")
    )
    digest = hashlib.sha256(canonical.encode("ascii"))
    weights = safetensors.numpy.load_file(directory / "weights.safetensors")
    names = [
        f"{side}/{layer}"
        for side in ("encoder", "decoder")
        for layer in ("skip/kernel", "0/kernel", "0/bias", "1/kernel", "1/bias")
    ]
    assert sorted(weights) == sorted(names)
    for name in names:
        digest.update(f"{name}{weights[name].shape}".encode() + weights[name].tobytes())
    assert tree["id"] == digest.hexdigest()[:20]
    assert tree["format_version"] == FORMAT_VERSION
    message = base64.b64decode(tree["schema"])
    arrow = pa.ipc.read_schema(pa.py_buffer(message))
    assert arrow.equals(hand_set_codec().schema.arrow, check_metadata=True)
    features = {feature["name"]: feature for feature in tree["features"]}
    assert features["half"] == {
        "name": "half",
        "type": "halffloat",
        "center": 0.0,
        "scale": 1.0,
        "std": 1.0,
    }
    assert features["empty"]["center"] is None
    assert tree["architecture"] == {
        "n_inputs": 4,
        "latent_dim": 2,
        "encoder_hidden": [4],
        "decoder_hidden": [4],
        "activation": "relu",
        "design": "residual",
    }


def test_saving_again_replaces(directory: Path) -> None:
    """A codec that is saved over another one is the one that is loaded."""
    other = hand_set_codec(std=np.arange(6.0))
    save_features_codec(other, directory)
    assert_same_codec(other, load_features_codec(directory))
    assert sorted(path.name for path in directory.iterdir()) == sorted(FILES)


def test_unwritable_directory(tmp_path: Path) -> None:
    """A place that cannot be written is told as an error of the destination."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationError):
        save_features_codec(hand_set_codec(), tmp_path / "file" / "codec")


@pytest.mark.parametrize("stop_at", FILES)
def test_interrupted_save_is_no_other_codec(tmp_path: Path, stop_at: str) -> None:
    """A save over another codec that stops half-way leaves the old one, the new one, or neither."""
    doubled = {name: array * 2 for name, array in hand_set_weights().items()}
    old, new = hand_set_codec(), hand_set_codec(std=np.arange(6.0), weights=doubled)
    save_features_codec(old, tmp_path / "old")
    save_features_codec(new, tmp_path / "new")
    for name in ("weights.safetensors", CODEC_FILE):
        shutil.copy(tmp_path / "new" / name, tmp_path / "old" / name)
        if name == stop_at:
            break
    with suppress(CorruptCodecError):
        assert load_features_codec(tmp_path / "old").id in {old.id, new.id}


def load_damaged(directory: Path, original: FeaturesCodec) -> bool:
    """Whether a damaged codec is refused as one; if not, it must be the original."""
    try:
        got = load_features_codec(directory)
    except CodecError as error:
        assert isinstance(error, (CorruptCodecError, UnsupportedFormatError))  # noqa: PT017
        assert_one_line(error, str(directory))
        return True
    assert_same_codec(original, got)
    return False


@pytest.mark.parametrize(("name", "stride"), [(CODEC_FILE, 1), ("weights.safetensors", 1)])
def test_changed_byte(
    directory: Path, name: str, stride: int, generator: np.random.Generator
) -> None:
    """Whichever byte has changed, the codec is refused, or loaded as it was saved."""
    content = (directory / name).read_bytes()
    n_refused, positions = 0, range(0, len(content), stride)
    for position in positions:
        damaged = bytearray(content)
        damaged[position] ^= int(generator.integers(1, 256))
        (directory / name).write_bytes(damaged)
        n_refused += load_damaged(directory, hand_set_codec())
    assert n_refused > 0.6 * len(positions)


@pytest.mark.parametrize("name", FILES)
def test_truncated_file(directory: Path, name: str) -> None:
    """A file that lacks its end is refused, wherever it was cut."""
    content = (directory / name).read_bytes()
    for length in range(0, len(content.rstrip()), 29):
        (directory / name).write_bytes(content[:length])
        assert load_damaged(directory, hand_set_codec())


def test_missing_file(directory: Path) -> None:
    """A codec that lacks a file is damaged, and the message names the file."""
    (directory / "weights.safetensors").unlink()
    with pytest.raises(CorruptCodecError) as caught:
        load_features_codec(directory)
    assert_one_line(caught.value, str(directory), "weights.safetensors")


def test_missing_history(directory: Path) -> None:
    """A codec without its losses is damaged."""
    edit(directory, lambda tree: tree["provenance"].pop("history"))
    with pytest.raises(CorruptCodecError) as caught:
        load_features_codec(directory)
    assert_one_line(caught.value, str(directory), "history")


@pytest.mark.parametrize("name", ["", "file", "file/below", "none", "empty"])
def test_no_codec(tmp_path: Path, name: str) -> None:
    """Where there is no JSON there is no codec, and the message says how to make one."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CodecNotFoundError) as caught:
        load_features_codec(tmp_path / name)
    assert_one_line(caught.value, str(tmp_path / name), CODEC_FILE, "ae-pipeline fit")


@pytest.mark.parametrize("version", ["6.0", "0.9", "10.0", "one", None, 6])
def test_other_major_version(directory: Path, version: object) -> None:
    """Another major format version is refused by name, before anything else is read."""
    edit(directory, lambda tree: tree.update(format_version=version, schema="unreadable"))
    with pytest.raises(UnsupportedFormatError) as caught:
        load_features_codec(directory)
    assert_one_line(
        caught.value, str(directory), f"got {version}", "expected version 1, 2, 3, 4 or 5.x"
    )


def test_unknown_keys_are_ignored(directory: Path) -> None:
    """Keys that a later minor version may add beside ours do not disturb."""

    def add(tree: dict[str, Any]) -> None:
        origin = tree["provenance"]
        for branch in (tree, origin, origin["training"], *origin["history"]):
            branch["later"] = [1, {"more": None}]

    edit(directory, add)
    got = load_features_codec(directory)
    assert_same_codec(hand_set_codec(), got)
    assert got.provenance == hand_set_codec().provenance


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 20},
        {"id": None},
        {"features": []},
        {"features": None},
        {"features": [{"name": "gone", "center": 0, "scale": 1, "std": 1}]},
        {"schema": ""},
        {"schema": "AAAA"},
        {"clip_sigma": 11.0},
        {"clip_sigma": 10**400},
        {"architecture": None},
        {"architecture": {}},
        {"provenance": None},
        {"provenance": {}},
    ],
    ids=str,
)
def test_impossible_content(directory: Path, change: dict[str, Any]) -> None:
    """Content that cannot be, or that has another id, is damage."""
    edit(directory, lambda tree: tree.update(change))
    with pytest.raises(CorruptCodecError):
        load_features_codec(directory)


@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b"\xff\xfe", b"{", b'{"a": 1}'])
def test_other_json(directory: Path, content: bytes) -> None:
    """A frame with something else inside is refused."""
    write_codec_text(directory, content)
    with pytest.raises((CorruptCodecError, UnsupportedFormatError)):
        load_features_codec(directory)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32])
def test_weights_of_another_type(directory: Path, dtype: type) -> None:
    """Weights that are not float32 are refused."""
    path = directory / "weights.safetensors"
    weights = safetensors.numpy.load_file(path)
    converted = {name: array.astype(dtype) for name, array in weights.items()}
    safetensors.numpy.save_file(converted, path)
    with pytest.raises(CorruptCodecError):
        load_features_codec(directory)


def test_weights_that_do_not_fit(directory: Path) -> None:
    """A weight too few, one too many or one of another shape is refused."""
    path = directory / "weights.safetensors"
    weights = safetensors.numpy.load_file(path)
    first = next(iter(weights))
    for wrong in (
        {name: array for name, array in weights.items() if name != first},
        {**weights, "more": np.zeros(1, np.float32)},
        {**weights, first: np.zeros((3, 3), np.float32)},
    ):
        safetensors.numpy.save_file(wrong, path)
        with pytest.raises(CorruptCodecError):
            load_features_codec(directory)


def test_loads_without_tensorflow(directory: Path) -> None:
    """Loading a codec and applying it needs neither TensorFlow nor Keras."""
    code = f"""if True:
        import sys
        import numpy as np
        import ae_pipeline
        from ae_pipeline.blocks import Block
        codec = ae_pipeline.load_codec({str(directory)!r})
        latents = codec.encode(Block(np.zeros((6, 3)), None))
        codec.decode(latents, None)
        print(codec.id, latents.shape, {{"tensorflow", "keras"}} & set(sys.modules))
    """
    assert in_new_process(code) == f"{hand_set_codec().id} (3, 2) set()"


def test_import_loads_neither_tensorflow_nor_prefect() -> None:
    """Importing the package is light."""
    code = """if True:
        import sys
        import ae_pipeline
        print({"tensorflow", "keras", "prefect", "pandas"} & set(sys.modules))
    """
    assert in_new_process(code) == "set()"
