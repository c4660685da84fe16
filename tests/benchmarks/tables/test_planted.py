"""The cost of a structure is what its column adds beyond its own worth."""

from __future__ import annotations

import pytest

from benchmarks.tables.planted import PlantedCost


@pytest.mark.parametrize(
    ("added", "worth", "share", "is_met"), [(90, 0, 0.009, True), (2000, 1800, 0.02, False)]
)
def test_cost_is_beyond_worth(added: int, worth: int, share: float, is_met: bool) -> None:
    """Random bits cost nothing; the rest may take a hundredth of the best peer's bytes."""
    cost = PlantedCost("total", added, worth, 10_000)
    assert cost.share == pytest.approx(share)
    assert cost.is_met is is_met
