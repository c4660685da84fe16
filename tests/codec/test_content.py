"""Every number, text and list of a codec's JSON, replaced by what nobody would write there."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any  # JSON trees

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, load_archive_codec
from ae_pipeline.codec.features import load_features_codec, save_features_codec
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CodecError, CorruptCodecError, CorruptFragmentError
from ae_pipeline.formats import FragmentFormat
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.formats.features import FeaturesFormat
from ae_pipeline.storage import Footer
from ae_pipeline.verbs import inspect
from tests.support.codec.features import hand_set_codec, hand_set_table
from tests.support.codec.trees import read_codec_json, write_codec_json
from tests.support.faults.apart import limit_space, run_apart
from tests.support.faults.damaged_archives import PART, codec_folder, forge_tree, write_archive
from tests.support.jobs.processes import peak_memory

MISSING = object()
NASTY: list[Any] = [
    *(MISSING, None, True, False, "", "many", "x" * 5000, "\ud800", [], [1], {}, {"a": 1}),
    *(0, -1, 1, 7, 1 << 31, 1 << 34, 1 << 64, 10**400, 0.5, 1e-320, 1e308, -1e308),
    *(float("nan"), float("inf"), -float("inf")),
]
SPACE, RESIDENT = 1 << 30, 64 << 20
#: Characters of an error, without the path in it.
MOST_TOLD = 500


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of everything in a tree, leaves and what holds them; of lists the first two items."""
    keys = tree.keys() if isinstance(tree, dict) else range(min(len(tree), 2))
    for key in keys:
        yield (*path, key)
        if isinstance(tree[key], dict | list):
            yield from places(tree[key], (*path, key))


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value at one place, or without it."""
    tree = copy.deepcopy(tree)
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    if value is MISSING:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return tree


def use(format: FragmentFormat, encoded: Path, source: Path) -> None:
    """Decode with a codec, and encode; that fragments do not suit it is no matter."""
    footer = Footer(format.kind, format.codec_id, "", 0, format.extra)
    for attempt in (
        lambda: list(format.read(Fragment(encoded, PART, 1), footer, MOST_ROWS)),
        lambda: format.write(
            Fragment(source, PART, 1), source.with_name("again"), footer, format.schema.arrow
        ),
    ):
        try:
            attempt()
        except CorruptFragmentError:
            continue


def outcome(
    folder: Path, load: Callable[[Path], FragmentFormat], encoded: Path, source: Path
) -> str:
    """What came of a changed codec: the id that it should have, a complaint, or nothing."""
    try:
        use(load(folder), encoded, source)
        inspect(str(folder))
    except CodecError as error:
        message = str(error)
        if "\n" in message or len(message) > MOST_TOLD + len(str(folder)):
            return f"no short line: {message[:200]}"
        found = re.search(r"content of id (\w+), not", message)
        return found[1] if found else ""
    except BaseException as error:  # whatever else there is, out of memory too, is what we look for
        return f"{type(error).__name__}: {error}"
    return ""


def change_everything(kind: str, folder: str, encoded: str, source: str) -> Iterator[str]:
    """Load and use a codec with each place of its JSON changed in every way."""
    warnings.simplefilter("error")
    load = _load_archive if kind == "archive" else _load_features
    with_codec = (load, Path(encoded), Path(source))
    if outcome(Path(folder), *with_codec):
        yield "the codec itself is refused"
    limit_space(SPACE)
    whole, before = read_codec_json(Path(folder)), peak_memory()
    for path in places(whole):
        for value in NASTY:
            tree = changed(whole, path, value)
            write_codec_json(Path(folder), tree)
            told = outcome(Path(folder), *with_codec)
            if re.fullmatch("[0-9a-f]{20}", told):
                write_codec_json(Path(folder), {**tree, "id": told})
                told = outcome(Path(folder), *with_codec)
            if told:
                yield f"{path} {value!r:.20}: {told}"
    if peak_memory() - before > RESIDENT:
        yield f"{peak_memory() - before} bytes of memory"


def _load_archive(folder: Path) -> FragmentFormat:
    return ArchiveFormat(load_archive_codec(folder))


def _load_features(folder: Path) -> FragmentFormat:
    return FeaturesFormat(load_features_codec(folder))


@pytest.mark.heavy
def test_archive_codec(tmp_path: Path) -> None:
    """An archive's codec with anything anywhere, its id right, works or is refused in a line."""
    archive = write_archive(tmp_path)
    source = tmp_path / "source" / PART
    arguments = ("archive", codec_folder(archive), archive / PART, source)
    assert run_apart(change_everything, *arguments) == []


@pytest.mark.heavy
def test_features_codec(tmp_path: Path) -> None:
    """So is a codec of features."""
    codec, source, encoded = hand_set_codec(), tmp_path / "source", tmp_path / "encoded"
    save_features_codec(codec, tmp_path / "codec")
    rows = hand_set_table(range(60), range(60))
    pq.write_table(pa.table(rows), source)
    format = FeaturesFormat(codec)
    footer = Footer("features", codec.id, "", 0, format.extra)
    format.write(Fragment(source, PART, 1), encoded, footer, rows.schema)
    arguments = ("features", tmp_path / "codec", encoded, source)
    assert run_apart(change_everything, *arguments) == []


@pytest.mark.parametrize("n_bits", [1, 17, 1 << 34, 12.0, True, "12"])
def test_bits_of_the_encoder(tmp_path: Path, n_bits: object) -> None:
    """Bits that no weight is stored in are refused before anything is made of them."""
    archive = write_archive(tmp_path)
    tree = read_codec_json(codec_folder(archive))
    folder = forge_tree(archive, network={**tree["network"], "encoder_bits": n_bits})
    with pytest.raises(CorruptCodecError, match="encoder_bits"):
        load_archive_codec(folder)
