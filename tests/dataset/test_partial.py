"""Reading a part of a fragment in an object store: that part, and little else, is fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.dataset import discover, list_row_groups, read_records
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.store import visiting
from tests.support.data.tables import write_fragment
from tests.support.object_servers.proxy import FaultProxy
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree

pytestmark = pytest.mark.heavy
N_COLUMNS, N_ROWS = 20, 20_000
#: A column in one row group takes 40 kB; the file, 3.2 MB.
GROUP_ROWS = 5000
FOOTER_BYTES = 1 << 16


@pytest.fixture
def proxy(fault_path: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> FaultProxy:
    """The way to a container with one wide fragment, known to the environment."""
    for name, value in fault_path.server.environment.items():
        monkeypatch.setenv(name, value)
    return fault_path


@pytest.fixture
def wide(tmp_path: Path, generator: np.random.Generator) -> pa.Table:
    """Noise in a file below `source`."""
    table = pa.table({f"c{i}": generator.normal(size=N_ROWS) for i in range(N_COLUMNS)})
    (tmp_path / "source").mkdir()
    write_fragment(
        tmp_path / "source/p.parquet", table, row_group_size=GROUP_ROWS, use_dictionary=False
    )
    return table


@pytest.mark.parametrize(
    ("columns", "groups"), [(["c3"], None), (["c0", "c19"], [2, 3]), (None, [1]), (["c4"], [0])]
)
def test_a_small_part_is_fetched_alone(
    object_server: ObjectServer,
    proxy: FaultProxy,
    tmp_path: Path,
    wide: pa.Table,
    columns: list[str] | None,
    groups: list[int] | None,
) -> None:
    """The rows are right, and what comes is what they take, the footer and a page's end or two."""
    there = put_tree(object_server, tmp_path / "source", "source")
    with visiting([there], scratch=str(tmp_path)):
        (fragment,) = discover(there).fragments
        assert [group.n_rows for group in list_row_groups([fragment])] == [GROUP_ROWS] * 4
        proxy.clear()
        found = pa.Table.from_batches(read_records(fragment, 1000, columns, groups))
    starts = [number * GROUP_ROWS for number in (range(4) if groups is None else groups)]
    expected = pa.concat_tables([wide.slice(start, GROUP_ROWS) for start in starts])
    assert found.equals(expected.select(columns or wide.column_names))
    assert proxy.answered_bytes["GET"] <= found.nbytes * 1.1 + FOOTER_BYTES
    assert proxy.n_requests["GET"] <= len(starts) * len(columns or [0]) + 2


def test_passes_fetch_no_more_than_half_in_parts(
    object_server: ObjectServer, proxy: FaultProxy, tmp_path: Path, wide: pa.Table
) -> None:
    """Row group after row group, again and again: what is read often comes as a whole, once."""
    there = put_tree(object_server, tmp_path / "source", "source")
    with visiting([there], scratch=str(tmp_path)):
        (fragment,) = discover(there).fragments
        for _ in range(3):
            found = [
                next(read_records(fragment, GROUP_ROWS, None, [number])) for number in range(4)
            ]
    assert pa.Table.from_batches(found).equals(wide)
    assert proxy.answered_bytes["GET"] <= 1.6 * fragment.size_bytes
    assert proxy.n_requests["GET"] <= 2 * N_COLUMNS + 4


def test_a_group_that_is_not_there(
    object_server: ObjectServer, proxy: FaultProxy, tmp_path: Path, wide: pa.Table
) -> None:
    """An object gives the error that a file gives."""
    there = put_tree(object_server, tmp_path / "source", "source")
    with visiting([there], scratch=str(tmp_path)):
        (fragment,) = discover(there).fragments
        with pytest.raises(CorruptFragmentError):
            list(read_records(fragment, 10, None, [99]))


def test_most_of_it_is_fetched_at_once(
    object_server: ObjectServer, proxy: FaultProxy, tmp_path: Path, wide: pa.Table
) -> None:
    """Who reads most of a fragment gets its footer, then all of it, and may read it again."""
    there = put_tree(object_server, tmp_path / "source", "source")
    with visiting([there], scratch=str(tmp_path)):
        (fragment,) = discover(there).fragments
        list_row_groups([fragment])
        proxy.clear()
        for _ in range(2):
            found = pa.Table.from_batches(read_records(fragment, 1000, wide.column_names[:15]))
    assert found.equals(wide.select(wide.column_names[:15]))
    assert proxy.n_requests["GET"] <= 2
