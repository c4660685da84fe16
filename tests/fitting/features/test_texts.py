"""Columns of text: found, learned, and kept as they are."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.codec.features import load_features_codec
from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.dataset import discover, list_row_groups
from ae_pipeline.errors import NoFeatureColumnError
from ae_pipeline.fitting.features.texts import find_texts
from ae_pipeline.verbs import decode, encode

N_ROWS = 300
WORDS = ("price", "offer", "meeting", "tomorrow", "free", "call", "home", "late")


def messages(seed: int) -> list[str | None]:
    """Texts of five words and a number, and a few that are odd."""
    picks = np.random.default_rng(seed).integers(len(WORDS), size=(N_ROWS, 5))
    texts: list[str | None] = [
        f"{' '.join(WORDS[i] for i in row)} {n}" for n, row in enumerate(picks)
    ]
    texts[3:7] = [None, "", " \n", "call " * 200_000]
    return texts


def write(root: Path, **columns: pa.Array) -> Path:
    """A source of two files, each with half of the rows."""
    root.mkdir(parents=True)
    table = pa.table(columns)
    for part in range(2):
        half = table.slice(part * len(table) // 2, len(table) // 2)
        pq.write_table(half, root / f"part-{part}.parquet")
    return root


def job(root: Path, **settings: object) -> EncodeJob:
    """Settings that learn all columns in little time."""
    return EncodeJob.model_validate(
        {
            "source": str(root),
            "features": str(root.parent / "features"),
            "columns": {"learn": "all"},
            "training": {"epochs": 2},
            "network": {"latent_dim": 4},
            **settings,
        }
    )


def restored(root: Path) -> pa.Table:
    """The source after features and back."""
    decoded = root.parent / "decoded"
    decode(
        DecodeJob(features=str(root.parent / "features"), source=str(root), decoded=str(decoded))
    )
    return pa.concat_tables(pq.read_table(path) for path in sorted(decoded.glob("*.parquet")))


@pytest.mark.parametrize("layout", [pa.string(), pa.large_string()])
def test_texts_are_found(tmp_path: Path, layout: pa.DataType) -> None:
    """A column whose words repeat is text, one of identifiers is not."""
    names = pa.array([f"N{i}XY" for i in range(N_ROWS)], layout)
    source = write(tmp_path / "source", note=pa.array(messages(0), layout), key=names)
    groups = list_row_groups(discover(str(source)).fragments)
    texts = find_texts(["note", "key"], groups)
    assert list(texts) == ["note"]
    assert {*WORDS} <= {*texts["note"].terms}
    assert find_texts([], groups) == {}


def test_text_alone_is_learned_and_comes_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A table of one text has latents; odd texts, a megabyte among them, come back as they were."""
    texts = messages(1)
    source = write(tmp_path / "source", note=pa.array(texts, pa.string()))
    with caplog.at_level(logging.INFO):
        encode(job(source))
    assert "column note is learned as text of" in caplog.text
    assert restored(source)["note"].to_pylist() == texts
    files = sorted((tmp_path / "features").glob("*.parquet"))
    rows = pq.read_table(files[0]).to_pydict()
    assert rows["note"] == texts[: N_ROWS // 2]
    assert rows["latent"][3] == rows["latent"][4] == rows["latent"][5] != rows["latent"][0]


def test_text_beside_other_columns(tmp_path: Path) -> None:
    """Numbers and categories beside a text decode as without it; identifiers are kept."""
    kinds = pa.array([("red", "blue")[i % 2] for i in range(N_ROWS)])
    size = pa.array(np.random.default_rng(2).normal(size=N_ROWS))
    keys = pa.array([f"N{i}XY" for i in range(N_ROWS)])
    notes = pa.array(messages(2), pa.string()).dictionary_encode()
    source = write(tmp_path / "source", size=size, note=notes, kind=kinds, key=keys)
    encode(job(source))
    [folder] = (tmp_path / "features.ae" / "codecs").iterdir()
    codec = load_features_codec(folder)
    assert (codec.schema.features, list(codec.texts)) == (("size", "kind"), ["note"])
    found = restored(source)
    assert found.column_names == ["size", "note", "kind", "key"]
    for name in ("note", "key"):
        assert found[name].to_pylist() == pq.read_table(source)[name].to_pylist()


def test_kept_text_is_not_learned(tmp_path: Path) -> None:
    """A text that the settings keep is not looked at."""
    source = write(tmp_path / "source", note=pa.array(messages(3), pa.string()))
    with pytest.raises(NoFeatureColumnError):
        encode(job(source, columns={"learn": "all", "keep": ["note"]}))


def test_source_without_any_text(tmp_path: Path) -> None:
    """Strings that repeat no words are kept, and a table of nothing else is refused."""
    keys = pa.array([f"N{i}XY" for i in range(N_ROWS)])
    with pytest.raises(NoFeatureColumnError):
        encode(job(write(tmp_path / "source", key=keys)))


def test_binary_is_kept(tmp_path: Path) -> None:
    """Bytes are no text, whatever they hold: they come back as they were."""
    raw = [f"{text} ".encode() + b"\xff" for text in messages(4)]
    size = pa.array(np.random.default_rng(4).normal(size=(N_ROWS, 4)).cumsum(axis=1)[:, 3])
    source = write(tmp_path / "source", a=size, b=pa.compute.multiply(size, 2.0), raw=pa.array(raw))
    encode(job(source, network={"latent_dim": 1}))
    assert restored(source)["raw"].to_pylist() == raw
