"""Which rows are held out, and which rows an epoch sees."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import Fragment, RowGroup
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.sample import ResidentSample, Section, split_validation
from tests.support.networks import feature_names, plain_standardization, write_groups

NOWHERE = Fragment(Path("nowhere"), "nowhere", 0)
GROUP_ROWS = 4


def row_groups(sizes: list[int]) -> list[RowGroup]:
    """Row groups of these sizes; nobody reads them."""
    return [RowGroup(NOWHERE, index, size) for index, size in enumerate(sizes)]


def rows_of(sections: list[Section]) -> list[tuple[int, int]]:
    """Every row of the sections as (row group, row)."""
    return [
        (section.group.index, row)
        for section in sections
        for row in range(section.start, section.stop)
    ]


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=30),
    st.floats(0.01, 0.99),
)
def test_split_is_disjoint_and_complete(sizes: list[int], fraction: float) -> None:
    """Every row is either trained on or held out, and some are trained on."""
    groups = row_groups(sizes)
    training, held_out = split_validation(groups, fraction)
    assert training
    assert all(section.n_rows > 0 for section in training + held_out)
    every = [(index, row) for index, size in enumerate(sizes) for row in range(size)]
    assert sorted(rows_of(training) + rows_of(held_out)) == every


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=60),
    st.sampled_from([0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5]),
)
def test_split_holds_out_whole_groups_where_it_can(sizes: list[int], fraction: float) -> None:
    """With 1 / fraction row groups whole ones are held out, evenly; with fewer, tails of each."""
    groups = row_groups(sizes)
    training, held_out = split_validation(groups, fraction)
    if len(groups) >= math.ceil(1 / fraction):
        assert all((s.start, s.stop) == (0, s.group.n_rows) for s in training + held_out)
        assert {s.group.index for s in training}.isdisjoint(s.group.index for s in held_out)
        assert abs(len(held_out) - fraction * len(groups)) < 1
        assert held_out
    else:
        assert [section.group for section in training] == groups
        assert all(section.stop == section.group.n_rows for section in held_out)
        for section in training:
            n_held_out = section.group.n_rows - section.n_rows
            assert abs(n_held_out - fraction * section.group.n_rows) <= 0.5 or section.n_rows == 1


@pytest.mark.parametrize("sizes", [[1], [1, 1, 1], [2]])
def test_single_rows_are_trained_on(sizes: list[int]) -> None:
    """The only row of a row group is not held out while there are few row groups."""
    training, held_out = split_validation(row_groups(sizes), 0.1)
    assert rows_of(training) == rows_of([Section(g, 0, g.n_rows) for g in row_groups(sizes)])
    assert held_out == []


def numbered_groups(folder: Path, n_rows: int) -> list[RowGroup]:
    """Rows that hold their own number twice, four to a row group, in two files."""
    values = np.repeat(np.arange(n_rows, dtype=np.float64)[:, None], 2, axis=1)
    half = n_rows // 2 // GROUP_ROWS * GROUP_ROWS
    first = write_groups(folder / "0.parquet", values[:half], GROUP_ROWS) if half else []
    return first + write_groups(folder / "1.parquet", values[half:], GROUP_ROWS)


def build_sample(
    groups: list[RowGroup], capacity_rows: int, seed: int = 0, start: int = 0
) -> ResidentSample:
    """A sample of the rows of each group from `start` on."""
    sections = [Section(group, start, group.n_rows) for group in groups]
    return ResidentSample(sections, feature_names(2), plain_standardization(2), capacity_rows, seed)


def drawn(sample: ResidentSample, epoch: int) -> list[int]:
    """Numbers of the rows of an epoch."""
    matrix = sample.matrix(epoch)
    assert matrix.dtype == np.float32
    assert matrix.shape == (sample.n_inputs, 2)
    np.testing.assert_array_equal(matrix[:, 0], matrix[:, 1])
    return [int(number) for number in matrix[:, 0]]


@pytest.mark.parametrize("n_rows", [1, 3, 4, 5, 103])
@pytest.mark.parametrize("surplus", [0, 1, 1000])
def test_complete_sample_has_every_row_once(tmp_path: Path, n_rows: int, surplus: int) -> None:
    """Rows that fit are all there, once, in order, the same in every epoch."""
    sample = build_sample(numbered_groups(tmp_path, n_rows), n_rows + surplus)
    assert sample.is_complete
    assert drawn(sample, 0) == list(range(n_rows))
    assert sample.matrix(0) is sample.matrix(5)


def test_only_rows_of_its_sections(tmp_path: Path) -> None:
    """Rows outside of the sections never appear, whether the sample is complete or drawn."""
    groups = numbered_groups(tmp_path, 120)
    wanted = {row for row in range(120) if row % GROUP_ROWS >= 1}
    assert set(drawn(build_sample(groups, 1000, start=1), 0)) == wanted
    small = build_sample(groups, 40, start=1)
    assert set().union(*(drawn(small, epoch) for epoch in range(30))) == wanted


@pytest.mark.parametrize("n_rows", [30, 100, 203])
@pytest.mark.parametrize("capacity_rows", [1, 7, 29])
def test_drawn_sample_has_always_as_many_rows(
    tmp_path: Path, n_rows: int, capacity_rows: int
) -> None:
    """A sample of a larger source has as many rows in every epoch, none of them twice."""
    sample = build_sample(numbered_groups(tmp_path, n_rows), capacity_rows)
    assert not sample.is_complete
    assert sample.n_inputs == capacity_rows
    for epoch in range(12):
        rows = drawn(sample, epoch)
        assert len(set(rows)) == capacity_rows
        assert set(rows) <= set(range(n_rows))


def test_drawn_sample_changes(tmp_path: Path) -> None:
    """Each epoch sees other rows than the one before, and each seed other ones."""
    groups = numbered_groups(tmp_path, 200)
    epochs = [drawn(build_sample(groups, 50), epoch) for epoch in range(6)]
    assert all(now != then for now, then in pairwise(epochs))
    assert drawn(build_sample(groups, 50, seed=1), 0) != epochs[0]


@pytest.mark.parametrize("n_groups", [16, 17, 20, 40, 50])
def test_every_lap_covers_every_row_group(tmp_path: Path, n_groups: int) -> None:
    """Sixteen row groups an epoch, every row of every one is seen once a lap, lap after lap."""
    n_rows = n_groups * GROUP_ROWS
    # As many rows as sixteen row groups have: each chosen group is there with all of its rows.
    sample = build_sample(numbered_groups(tmp_path, n_rows), min(16 * GROUP_ROWS, n_rows - 1))
    for lap in range(4):
        epochs = range(lap * n_groups // 16, -(-(lap + 1) * n_groups // 16))
        seen = {row // GROUP_ROWS for epoch in epochs for row in drawn(sample, epoch)}
        assert seen == set(range(n_groups))


def test_rows_are_drawn_evenly(tmp_path: Path) -> None:
    """Over many epochs every row is seen about equally often."""
    sample = build_sample(numbered_groups(tmp_path, 80), 20)
    counts = np.zeros(80)
    for epoch in range(100):
        np.add.at(counts, drawn(sample, epoch), 1)
    # A row is drawn with chance 1/4: 25 times, give or take 4.
    assert counts.min() >= 8
    assert counts.max() <= 45


def test_epoch_decides_not_the_past(tmp_path: Path) -> None:
    """Which rows an epoch sees depends on seed and epoch, not on what was drawn before."""
    groups = numbered_groups(tmp_path, 200)
    forward = build_sample(groups, 50, seed=3)
    told = {epoch: drawn(forward, epoch) for epoch in range(6)}
    backward = build_sample(groups, 50, seed=3)
    assert {epoch: drawn(backward, epoch) for epoch in reversed(range(6))} == told
    assert drawn(build_sample(groups, 50, seed=3), 4) == told[4]


def test_values_are_standardised_and_missing_ones_nan(tmp_path: Path) -> None:
    """Rows come standardised and clipped, nulls and NaN as NaN, infinities too."""
    values = np.array([[1.0, 10.0], [np.nan, 30.0], [5.0, np.inf], [900.0, -np.inf]])
    standardization = plain_standardization(2, clip_sigma=3.0)
    standardization.center[:], standardization.scale[:] = [1.0, 20.0], [2.0, 10.0]
    sections = [Section(group, 0, 4) for group in write_groups(tmp_path / "x.parquet", values)]
    matrix = ResidentSample(sections, feature_names(2), standardization, 9, 0).matrix(0)
    expected = [[0, -1], [np.nan, 1], [2, np.nan], [3, np.nan]]
    np.testing.assert_array_equal(matrix, np.array(expected, np.float32))


def test_constant_columns_are_left_out(tmp_path: Path) -> None:
    """Columns that do not vary are no part of the matrix."""
    groups = write_groups(tmp_path / "x.parquet", np.array([[7.0, 1.0], [7.0, 2.0]]))
    standardization = plain_standardization(2)
    standardization.scale[0] = 0.0
    sections = [Section(group, 0, group.n_rows) for group in groups]
    matrix = ResidentSample(sections, feature_names(2), standardization, 9, 0).matrix(0)
    np.testing.assert_array_equal(matrix, np.array([[1], [2]], np.float32))


def test_memory_bound(tmp_path: Path, generator: np.random.Generator) -> None:
    """Neither the sample nor the held-out rows are larger than sample_mb."""
    values = generator.normal(size=(60_000, 12))
    groups = write_groups(tmp_path / "x.parquet", values, group_rows=1000)
    config = TrainingConfig(sample_mb=1, validation_fraction=0.5)
    data = TrainingData(groups, feature_names(12), plain_standardization(12), config)
    assert not data.sample.is_complete
    for matrix in (data.sample.matrix(0), data.sample.matrix(1), data.validation()):
        assert 0.99 * (1 << 20) < matrix.nbytes <= 1 << 20


def test_validation_rows_are_the_held_out_ones(tmp_path: Path) -> None:
    """Rows that are validated on are never trained on, and are the same in every epoch."""
    groups = numbered_groups(tmp_path, 200)
    data = TrainingData(groups, feature_names(2), plain_standardization(2), TrainingConfig())
    trained, validated = set(drawn(data.sample, 0)), set(data.validation()[:, 0].astype(int))
    assert trained | validated == set(range(200))
    assert trained.isdisjoint(validated)
    assert len(validated) == 20
    assert data.validation() is data.validation()


def test_one_row_is_its_own_validation(tmp_path: Path) -> None:
    """A source of one row is trained and validated on that row."""
    groups = numbered_groups(tmp_path, 1)
    data = TrainingData(groups, feature_names(2), plain_standardization(2), TrainingConfig())
    np.testing.assert_array_equal(data.sample.matrix(0), data.validation())


def test_windows_are_consecutive_rows_of_one_section(tmp_path: Path) -> None:
    """An input of three rows never reaches into the next row group; what is left over is unused."""
    groups = numbered_groups(tmp_path, 4 * GROUP_ROWS)
    sections = [Section(group, 1, group.n_rows) for group in groups]
    for capacity in (100, 3):
        sample = ResidentSample(
            sections, feature_names(2), plain_standardization(2), capacity, 0, window=3
        )
        matrix = sample.matrix(0).reshape(sample.n_inputs, 3, 2)
        assert sample.n_inputs == min(capacity, 4 * ((GROUP_ROWS - 1) // 3))
        np.testing.assert_array_equal(np.diff(matrix[..., 0], axis=1), 1)
        assert ((matrix[:, 0, 0] % GROUP_ROWS - 1) % 3 == 0).all()


def test_section_shorter_than_a_window_is_filled_up(tmp_path: Path) -> None:
    """A few rows still make one input."""
    group = numbered_groups(tmp_path, 2)[0]
    sections = [Section(group, 0, group.n_rows)]
    sample = ResidentSample(sections, feature_names(2), plain_standardization(2), 9, 0, window=5)
    assert sample.matrix(0).shape == (1, 10)
