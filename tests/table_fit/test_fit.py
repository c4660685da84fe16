"""Learning of table models: any table comes back, structure is found, budgets hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_pipeline.mapping.subcolumn import Sequence, SubColumn
from ae_pipeline.table.subcolumn_coder import needs_of
from ae_pipeline.table.table_file import pack_table
from ae_pipeline.table_fit.fit import FittedTable, fit_table
from ae_pipeline.table_fit.sample import TableSample
from tests.table_fit.tables import Integers, numbers, sample_of, stream_bytes

RNG = np.random.default_rng(5)
BUDGET_S = 2.0


def cost_share(sample: TableSample, name: str) -> float:
    """Bytes of a sub-column with its model, as a share of those without."""
    fitted = fit_table(sample, BUDGET_S)
    sizes = stream_bytes(fitted, sample)
    cost = fitted.costs[name]
    return (sizes.get(name, cost.direct_bytes) + cost.model_bytes) / cost.direct_bytes


def random(high: int, n_rows: int = 6000) -> Integers:
    """Integers that nothing tells of."""
    return RNG.integers(0, high, n_rows)


integers = st.one_of(
    st.integers(0, 3), st.integers(-(2**63), 2**63 - 1), st.just(7), st.integers(-50, 50)
)


@st.composite
def drawn_columns(draw: st.DrawFn) -> list[tuple[list[int], bool, bool]]:
    """Integers of some columns, whether they have nulls and whether they are categories."""
    n_rows = draw(st.integers(0, 60))
    values = st.lists(integers, min_size=n_rows, max_size=n_rows)
    return draw(st.lists(st.tuples(values, st.booleans(), st.booleans()), min_size=1, max_size=4))


def table_of(drawn: list[tuple[list[int], bool, bool]], share: float) -> TableSample:
    """A sample of two runs."""
    columns: list[SubColumn] = []
    sequences: dict[str, Sequence] = {}
    for place, (listed, has_nulls, is_category) in enumerate(drawn):
        name, parent, live = str(place), f"{place}?" if has_nulls else None, None
        values = np.array(listed, np.int64)
        if parent is not None:
            live = values % 3 > 0
            columns.append(SubColumn(parent, parent, "validity"))
            sequences[parent] = Sequence(live.astype(np.int64), None)
            values = np.where(live, values, 0)
        role = "category" if is_category else "number"
        columns.append(
            SubColumn(name, name, role, parent=parent, allowed=(1,) if has_nulls else ())
        )
        sequences[name] = Sequence(values, live)
    starts = np.unique([0, len(drawn[0][0]) // 2])
    return TableSample(tuple(columns), sequences, starts, {}, share)


@settings(max_examples=15, deadline=None)
@given(drawn_columns(), st.sampled_from([1.0, 400.0]))
def test_any_table_comes_back(drawn: list[tuple[list[int], bool, bool]], share: float) -> None:
    """Whatever the integers, a model is learned under which they decode to themselves."""
    sample = table_of(drawn, share)
    fitted = fit_table(sample, BUDGET_S)
    stream_bytes(fitted, sample)
    pack_table(fitted.model, sample.columns)


def test_a_total_costs_nothing() -> None:
    """A column that is the sum of three others costs next to nothing."""
    parts = [random(10**6) for _ in range(3)]
    sample = numbers(a=parts[0], b=parts[1], c=parts[2], total=sum(parts))
    fitted = fit_table(sample, BUDGET_S)
    last = fitted.model.order[-1]
    assert cost_share(sample, last) < 0.01


def test_a_total_of_decimals_costs_nothing() -> None:
    """A sum is found across columns of different offset, step and places."""
    price, fee = random(10**6), random(10**5)
    columns = [
        SubColumn("price", "price", "number", offset=300, places=2),
        SubColumn("fee", "fee", "number", offset=10, step=5, places=1),
        SubColumn("total", "total", "number", places=2),
    ]
    total = 300 + price + 10 * (10 + 5 * fee)
    sample = sample_of(columns, [price, fee, total])
    fitted = fit_table(sample, BUDGET_S)
    assert cost_share(sample, fitted.model.order[-1]) < 0.01


def test_an_end_is_begin_and_duration() -> None:
    """A time that is another time and a number of seconds later costs next to nothing."""
    begin, seconds = np.cumsum(random(10**9)), random(4000)
    columns = [
        SubColumn("begin", "begin", "number", "time", ticks=10**6),
        SubColumn("seconds", "seconds", "number"),
        SubColumn("end", "end", "number", "time", ticks=10**6),
    ]
    sample = sample_of(columns, [begin, seconds, begin + seconds * 10**6])
    fitted = fit_table(sample, BUDGET_S)
    assert cost_share(sample, fitted.model.order[-1]) < 0.01


def test_a_name_follows_from_its_code() -> None:
    """What another column determines costs a table of it."""
    code = random(60, 20_000)
    columns = [SubColumn("code", "code", "category"), SubColumn("name", "name", "category")]
    sample = sample_of(columns, [code, np.random.default_rng(1).permutation(60)[code]])
    assert cost_share(sample, fit_table(sample, BUDGET_S).model.order[-1]) < 0.015


def test_two_columns_determine_a_third() -> None:
    """What two columns determine together costs a table of both."""
    first, second = random(12, 20_000), random(10, 20_000)
    table = np.random.default_rng(1).integers(0, 10**5, (12, 10))
    sample = numbers(first=first, second=second, value=table[first, second])
    assert cost_share(sample, "value") < 0.02


def test_a_column_equal_to_another_costs_nothing() -> None:
    """A copy of 64-bit integers without any structure costs next to nothing."""
    noise = np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 5000)
    sample = numbers(one=noise, two=noise)
    assert cost_share(sample, fit_table(sample, BUDGET_S).model.order[-1]) < 0.01


def test_a_slow_value_within_a_key() -> None:
    """A value that changes now and then within a key costs its changes."""
    key, step = random(50, 20_000), np.random.default_rng(3).random(20_000) < 0.001
    value = np.zeros(20_000, np.int64)
    for number in range(50):
        rows = np.flatnonzero(key == number)
        value[rows] = np.cumsum(step[rows]) * 7919 + 10_007 * number
    assert cost_share(numbers(key=key, value=value), "value") < 0.04


def test_a_clock_wraps() -> None:
    """An arrival by the clock is departure and minutes, also past midnight."""
    leaves, minutes = random(1440), random(600)
    columns = [
        SubColumn("leaves", "leaves", "number", "clock", period=1440),
        SubColumn("minutes", "minutes", "number"),
        SubColumn("arrives", "arrives", "number", "clock", period=1440),
    ]
    sample = sample_of(columns, [leaves, minutes, (leaves + minutes) % 1440])
    assert cost_share(sample, fit_table(sample, BUDGET_S).model.order[-1]) < 0.1


def test_noise_has_no_model() -> None:
    """What a model does not make smaller has none."""
    noise = np.random.default_rng(2).integers(-(2**63), 2**63 - 1, 3000)
    fitted = fit_table(numbers(noise=noise, constant=np.full(3000, 4)), BUDGET_S)
    assert not fitted.model.models
    assert fitted.costs["noise"].coded_bytes == fitted.costs["noise"].direct_bytes


def test_few_rows_pay_for_no_tables() -> None:
    """A table of fifty rows gets no models, one of many such rows does."""
    values = numbers(a=random(4, 50), b=random(4, 50))
    assert not fit_table(values, BUDGET_S).model.models


def depths(fitted: FittedTable) -> dict[str, int]:
    """Length of the longest chain that each sub-column needs."""
    needs = {model.name: needs_of(model) for model in fitted.model.models}
    found: dict[str, int] = {}
    for name in fitted.model.order:
        found[name] = 1 + max((found[need] for need in needs.get(name, ())), default=0)
    return found


def test_chains_are_bounded() -> None:
    """No sub-column needs a longer chain of others than allowed."""
    walk = np.cumsum(np.random.default_rng(4).integers(-9, 9, (8, 3000)), axis=0)
    sample = numbers(**{f"c{place}": values for place, values in enumerate(walk)})
    assert max(depths(fit_table(sample, BUDGET_S, most_depth=3)).values()) <= 4
    assert max(depths(fit_table(sample, BUDGET_S)).values()) > 4


def test_equal_input_gives_equal_models() -> None:
    """Learning has no chance and looks at no clock."""
    sample = numbers(a=random(100), b=random(9), c=random(5000))
    packed = [pack_table(fit_table(sample, BUDGET_S).model, sample.columns) for _ in range(2)]
    assert packed[0] == packed[1]


def test_items_are_learned_apart() -> None:
    """Sub-columns of items ask for sub-columns of the same items alone."""
    lengths = random(5, 1000)
    n_items = int(lengths.sum())
    code = np.random.default_rng(6).integers(0, 30, n_items)
    columns = (
        SubColumn("n", "n", "length"),
        SubColumn("n.code", "n", "category", space="n"),
        SubColumn("n.value", "n", "number", space="n"),
    )
    sequences = {
        "n": Sequence(lengths, None),
        "n.code": Sequence(code, None),
        "n.value": Sequence(code * 1001 % 977, None),
    }
    starts = np.zeros(1, np.int64)
    sample = TableSample(columns, sequences, starts, {"n": starts}, 1.0)
    fitted = fit_table(sample, BUDGET_S)
    stream_bytes(fitted, sample)
    assert fitted.model.order[0] == "n"
    assert {name for model in fitted.model.models for name in needs_of(model)} <= {
        "n.code",
        "n.value",
    }


@pytest.mark.parametrize("n_columns", [3, 40])
def test_progress_counts_all(n_columns: int) -> None:
    """Progress is reported for each sub-column, and at the end."""
    seen: list[tuple[int, int]] = []
    columns = {f"c{place}": random(50, 500) for place in range(n_columns)}
    fit_table(numbers(**columns), 0.2, lambda done, total, name: seen.append((done, total)))
    assert seen == [(done, n_columns) for done in range(n_columns + 1)]


def test_rows_between_neighbours() -> None:
    """Slow noise costs less between its neighbours than as changes; what is learned packs."""
    noise = RNG.normal(0, 40, 8000).cumsum()
    smooth = np.convolve(noise, np.ones(9) / 9, "same").astype(np.int64)
    sample = numbers(smooth=smooth + RNG.integers(-9, 10, 8000))
    fitted = fit_table(sample, BUDGET_S)
    (model,) = fitted.model.models
    assert model.hierarchy is not None
    assert model.hierarchy.has_distances
    assert fitted.costs["smooth"].way.startswith("between neighbours")
    assert stream_bytes(fitted, sample)["smooth"] < 0.97 * fitted.costs["smooth"].direct_bytes
    assert pack_table(fitted.model, sample.columns)


def test_a_number_that_stands_for_none() -> None:
    """An integer far from those around it is guessed, so changes to it cost little."""
    calm = RNG.random(8000) < 0.2
    walk = RNG.integers(-3, 4, 8000).cumsum() + 1000
    sample = numbers(walk=np.where(calm, 0, walk))
    fitted = fit_table(sample, BUDGET_S)
    stream_bytes(fitted, sample)
    assert "one integer" in fitted.costs["walk"].way
