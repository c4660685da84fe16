"""The benchmark of smooth series judges every column and every promise."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.smooth.measure import Outcome

GOOD = Outcome(
    name="tides",
    tolerance=0.01,
    ours={"sea": 10, "river": 20},
    sz3={"sea": 10, "river": 30},
    ways={"sea": "series", "river": "table"},
    whole_bytes=40,
    forecast=41,
    worst=1.0,
    encode_mb_s=1.0,
    decode_mb_s=1.0,
    is_verified=True,
)


def test_one_column_larger_than_sz3s_is_a_miss() -> None:
    """Each column counts by itself, however small the others are."""
    assert GOOD.is_met
    assert not replace(GOOD, ours={"sea": 11, "river": 2}).is_met


def test_broken_promises_are_a_miss() -> None:
    """Bytes count for nothing where a value is further off than promised, or was not verified."""
    assert not replace(GOOD, worst=1.001).is_met
    assert not replace(GOOD, is_verified=False).is_met
