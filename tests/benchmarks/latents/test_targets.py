"""Targets of latents are judged by what one run measured, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.latents.exchange import Score
from benchmarks.latents.targets import Costs, verdicts

PCA = Score("census", "pca", 8, mse=0.2, linear=0.8, trees=0.9)
OURS = replace(PCA, method="ours")
DFENCODER = replace(PCA, method="dfencoder", linear=0.9, trees=0.8)


def _met(*scores: Score, costs: Costs | None = None) -> dict[str, bool | None]:
    return {one.target: one.is_met for one in verdicts(scores, costs or Costs())}


def test_as_good_as_the_peer_is_met() -> None:
    """Equal errors and scores meet their targets; what was not run is not judged."""
    found = _met(OURS, PCA, DFENCODER)
    assert found["MSE of numbers at most PCA's"] is True
    assert found["downstream at least PCA/SVD's"] is True
    assert found["downstream at least dfencoder's in the geometric mean"] is True
    assert found["vector MSE at most PCA's"] is None
    assert found["beijing_air's features of 4 numbers smaller than its source"] is None


def test_one_worse_figure_is_a_miss() -> None:
    """The worst table and dimension decides, however good the others are."""
    other = replace(OURS, dim=16, mse=0.1, linear=0.79), replace(PCA, dim=16, mse=0.09)
    found = _met(OURS, PCA, *other)
    assert found["MSE of numbers at most PCA's"] is False
    assert found["downstream at least PCA/SVD's"] is False


def test_a_mean_forgives_what_others_make_up_for() -> None:
    """The geometric mean is over all scores: twice as good and half as good are as good."""
    better = replace(OURS, linear=1.8, trees=0.4)
    assert _met(better, DFENCODER)["downstream at least dfencoder's in the geometric mean"]
    assert not _met(replace(better, trees=0.39), DFENCODER)[
        "downstream at least dfencoder's in the geometric mean"
    ]


def test_no_latents_are_a_miss() -> None:
    """A table that ours cannot learn misses what the peer has a score of."""
    failed = Score("census", "ours", 8, failure="no feature column")
    (first, *_) = verdicts([failed, PCA], Costs())
    assert first.is_met is False
    assert "none of census at 8" in str(first)


def test_outliers_are_judged_apart() -> None:
    """The table with outliers counts for its own targets alone."""
    far = replace(OURS, table="outliers", mse=0.3, bulk_mse=0.1)
    found = _met(OURS, PCA, far, replace(PCA, table="outliers", mse=0.2, bulk_mse=0.1))
    assert found["MSE of numbers at most PCA's"] is True
    assert found["MSE with outliers at most PCA's"] is False
    assert found["MSE with outliers, without them, at most PCA's"] is True


def test_costs_are_judged_by_their_bounds() -> None:
    """Rates and bytes meet their bounds or not; a failed attempt is a miss that says why."""
    costs = Costs(
        encode_numbers=500_000.0,
        source_bytes=10,
        features_bytes=10,
        failures={"encode_mixed": "no feature column"},
    )
    numbers, mixed, size = (
        next(one for one in verdicts([], costs) if word in one.target)
        for word in ("32 numbers", "census", "beijing_air")
    )
    assert (numbers.is_met, mixed.is_met, size.is_met) == (True, False, False)
    assert "no feature column" in str(mixed)
