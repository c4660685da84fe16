"""Which fragments are kept: those that others repeat, and only what pays."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table_fit.repeats import choose_references, find_key

COLUMNS = tuple(SubColumn(name, name, "number") for name in ("hour", "heat", "dust"))
N_ROWS = 20_000

Fragment = dict[str, Sequence]


def costly() -> tuple[str, ...]:
    """All but the key."""
    return "heat", "dust"


def station(series: int, number: int, first: int = 0) -> Fragment:
    """Hours, a series that stations share, and values of its own."""
    shared, own = np.random.default_rng(series), np.random.default_rng(1000 + number)
    return {
        "hour": Sequence(np.arange(first, first + N_ROWS), None),
        "heat": Sequence(shared.integers(0, 300, N_ROWS), None),
        "dust": Sequence(own.integers(0, 300, N_ROWS), None),
    }


def test_shared_series_are_kept_once() -> None:
    """Of stations with two series, two are kept, without what only they hold."""
    fragments = [station(series, number) for number, series in enumerate([1, 2, 1, 2, 1])]
    found = choose_references(COLUMNS, fragments, "hour", costly, 1.0)
    assert found is not None
    assert (found.keys, found.names, found.sizes) == (("hour",), ("heat",), (N_ROWS, N_ROWS))


def test_a_stretch_is_kept_once() -> None:
    """Where a kept fragment repeats another one, its rows are not kept again."""
    one, two = station(1, 1), station(2, 2)
    half = np.arange(N_ROWS) < N_ROWS // 2
    mixed = Sequence(np.where(half, one["heat"].integers, two["heat"].integers), None)
    fragments = [one, station(1, 3), {**two, "heat": mixed}, {**station(2, 4), "heat": mixed}]
    found = choose_references(COLUMNS, fragments, "hour", costly, 1.0)
    assert found is not None
    assert len(found.sizes) == 2
    assert N_ROWS < sum(found.sizes) < 1.6 * N_ROWS


def test_nothing_repeats() -> None:
    """Stations that share hours and no values keep nothing."""
    fragments = [station(number, number) for number in range(4)]
    assert find_key(COLUMNS, fragments) == "hour"
    assert choose_references(COLUMNS, fragments, "hour", costly, 1.0) is None


def test_costs_are_not_asked_for_in_vain() -> None:
    """Where nothing repeats, nobody finds out what columns cost."""
    fragments = [station(number, number) for number in range(4)]
    found = choose_references(COLUMNS, fragments, "hour", partial(pytest.fail, "asked"), 1.0)
    assert found is None


@pytest.mark.parametrize("is_shared", [False, True])
def test_keys(is_shared: bool) -> None:
    """Fragments of other hours have no key in common; those of the same hours have."""
    fragments = [station(1, number, 0 if is_shared else number * N_ROWS) for number in range(3)]
    assert find_key(COLUMNS, fragments) == ("hour" if is_shared else None)


def test_rows_of_lists_are_not_kept() -> None:
    """A sub-column of list items has rows of its own, which references leave alone."""
    columns = (*COLUMNS, SubColumn("item", "item", "number", space="items"))
    items = {"item": Sequence(np.arange(2 * N_ROWS), None)}
    fragments = [{**station(1, number), **items} for number in range(3)]
    found = choose_references(columns, fragments, "hour", costly, 1.0)
    assert found is not None
    assert "item" not in found.sequences
