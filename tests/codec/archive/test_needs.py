"""What a column is decoded from: counted by the codec, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, load_archive_codec, needed_columns
from ae_pipeline.coding import BlockStreams, ColumnStreams, read_block
from ae_pipeline.coding.mapped_streams import MappedStreams
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.verbs import encode, inspect
from tests.support.data.datasets import write_tree

N_ROWS = 4000


def chained(generator: np.random.Generator) -> pa.Table:
    """Each column follows from the one before, with a little noise; one stands alone."""
    columns = {"c0": np.cumsum(generator.integers(-9, 10, N_ROWS))}
    for number in range(1, 6):
        columns[f"c{number}"] = columns[f"c{number - 1}"] + generator.integers(0, 6, N_ROWS)
    floats = {f"x{n}": columns[f"c{n}"] / 10 + n for n in range(4)}
    alone = {"alone": generator.integers(0, 50, N_ROWS)}
    nulls = {"holes": pa.array([None if n % 7 == 0 else n % 5 for n in range(N_ROWS)])}
    return pa.table({**columns, **floats, **alone, **nulls})


@cache
def archive_of(folder: Path, chain: int) -> Path:
    """An archive of such a table whose chains are bounded."""
    table = chained(np.random.default_rng(1))
    if chain == 2:  # linear prediction has chains of its own
        table = table.drop_columns([name for name in table.column_names if name[0] == "x"])
    source = write_tree(folder / f"source-{chain}", {"p.parquet": table})
    archive = folder / f"archive-{chain}"
    settings = {"columns": {"code": "all", "chain": chain}, "tolerance": {"relative": 0.0}}
    encode(EncodeJob.model_validate({"source": str(source), "archive": str(archive), **settings}))
    return archive


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the archives of this module lie."""
    return tmp_path_factory.mktemp("needs")


def codec_of(archive: Path) -> ArchiveCodec:
    """The one codec of an archive."""
    (found,) = (archive / "_ae/codecs").iterdir()
    return load_archive_codec(found)


def destroyed(codec: ArchiveCodec, block: BlockStreams, left: set[str]) -> bytes:
    """A block in which the streams of all columns but these are noise."""
    noise = b"\xff\xfe\xfd"
    columns = tuple(
        one if name in left else ColumnStreams(one.method, noise, one.validity and noise)
        for name, one in zip(codec.schema.features, block.columns, strict=True)
    )
    assert codec.table is not None
    mapped = tuple(
        one if name in left else _noisy(one, noise)
        for name, one in zip(codec.table.mapped, block.mapped, strict=True)
    )
    return replace(block, columns=columns, mapped=mapped).to_bytes()


def _noisy(streams: MappedStreams, noise: bytes) -> MappedStreams:
    own = tuple(replace(one, content=noise) for one in streams.substreams)
    return replace(streams, side=streams.side and noise, substreams=own)


def test_a_column_is_decoded_from_those_alone(folder: Path) -> None:
    """Whatever the streams of all other columns are, it comes back."""
    codec = codec_of(archive_of(folder, 16))
    assert codec.table is not None
    (records,) = chained(np.random.default_rng(1)).to_batches()
    content = codec.encode(records).to_bytes()
    sizes = codec.table.n_subcolumns
    block = read_block(content, len(codec.columns), 0, MOST_ROWS, sizes)
    needs = needed_columns(codec)
    assert set(needs) == set(records.schema.names)
    assert max(map(len, needs.values())) > 1
    for name, others in needs.items():
        assert name not in others
        found = codec.decode(destroyed(codec, block, {name, *others}), MOST_ROWS, {name})
        assert found[name].equals(records.column(name)), name


@pytest.mark.parametrize("chain", [1, 2])
def test_chains_are_bounded(folder: Path, chain: int) -> None:
    """A chain of one is a column on its own; two link each column to such ones."""
    codec = codec_of(archive_of(folder, chain))
    needs = needed_columns(codec)
    for others in needs.values():
        assert chain > 1 or not others
        assert all(not needs[one] for one in others)


def test_the_plan_counts_them(folder: Path) -> None:
    """Costs of a codec and `inspect` say how many columns a column needs, and the most."""
    archive = archive_of(folder, 16)
    codec, found = codec_of(archive), inspect(str(archive))
    needs = {name: len(others) for name, others in needed_columns(codec).items()}
    assert {cost.name: cost.n_needed for cost in found.costs} == needs
    assert found.facts["decoded with a column"] == f"at most {max(needs.values())} others"


def test_older_codecs_count_none() -> None:
    """Costs of earlier releases do not have the number."""
    assert ColumnCost("x", "", 1, 1, 0, is_coded=True).n_needed == 0
