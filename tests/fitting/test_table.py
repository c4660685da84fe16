"""A codec keeps the models that its blocks use, and tells what its columns cost in them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec
from ae_pipeline.coding import NETWORK_METHODS
from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.verbs import encode, verify
from tests.support.data.datasets import write_tree

N_ROWS = 6000


def busy() -> pa.Table:
    """Numbers that one code foretells, the more closely the smaller they are, and kinds."""
    generator = np.random.default_rng(5)
    base = generator.normal(0, 1, N_ROWS)
    noise = [10.0 ** (base - 2) * generator.normal(0, 1, N_ROWS) for _ in range(4)]
    near = {f"near{number}": base * (number + 1) + own for number, own in enumerate(noise)}
    return pa.table({"base": base, **near, "kind": generator.integers(0, 5, N_ROWS)})


@pytest.fixture(scope="module")
def codec(tmp_path_factory: pytest.TempPathFactory) -> ArchiveCodec:
    """The codec of an archive of such a table, whose numbers a linear network codes."""
    root = tmp_path_factory.mktemp("busy")
    source = write_tree(root / "source", {"p.parquet": busy()})
    paths = {"source": str(source), "archive": str(root / "archive")}
    encode(
        EncodeJob(
            **paths,
            planner={"learn": "linear", "budget_s": 10.0},
            tolerance={"relative": 0.01},
        )
    )
    assert verify(VerifyJob(**paths)).failures == ()
    (found,) = (root / "archive/_ae/codecs").iterdir()
    return load_archive_codec(found)


def test_no_model_without_a_use(codec: ArchiveCodec) -> None:
    """Columns that the network codes in every block have no model in the codec."""
    (records,) = busy().to_batches()
    methods = {one.method for one in codec.encode(records).columns}
    assert methods <= NETWORK_METHODS
    assert codec.table is not None
    assert {one.name for one in codec.table.model.models} == {"kind"}


def test_costs_are_those_of_the_way_taken(codec: ArchiveCodec) -> None:
    """What the plan says of a column that the network codes is what its blocks take."""
    (records,) = busy().to_batches()
    block = codec.encode(records)
    costs = {cost.name: cost for cost in codec.provenance.costs}
    own = [costs[name] for name in codec.schema.features]
    assert {cost.way for cost in own} == {"network"}
    taken = sum(map(len, block.codes)) + sum(one.n_bytes for one in block.columns)
    assert sum(cost.coded_bytes for cost in own) == pytest.approx(taken, abs=len(own))
