"""Choices: what an effort tries of what was measured, and when it tries the rest."""

from __future__ import annotations

import math

import pytest

from ae_pipeline.codec.archive.effort import EVERY_METHOD, choice_of
from ae_pipeline.coding import Method
from ae_pipeline.config.effort import Effort
from ae_pipeline.results.fit import WayRecord

CLOSE = WayRecord(Method.TABLE, 100, Method.DIRECT, 104, Method.DIRECT, 104)
FAR = WayRecord(Method.TABLE, 100, Method.DIRECT, 150)
UNKNOWN = WayRecord(None)


@pytest.mark.parametrize(
    ("effort", "close", "far"),
    [
        ("fast", {Method.DIRECT}, {Method.TABLE}),
        ("balanced", {Method.TABLE, Method.DIRECT}, {Method.TABLE}),
        ("small", EVERY_METHOD, EVERY_METHOD),
    ],
)
def test_what_an_effort_tries(effort: Effort, close: set[Method], far: set[Method]) -> None:
    """Fast tries the quick way alone, balanced those that were close, small all."""
    choice = choice_of(effort, (CLOSE, FAR, UNKNOWN), 2, ("a",))
    assert [choice.wanted(place) for place in (0, 1, "a")] == [close, far, EVERY_METHOD]


@pytest.mark.parametrize("effort", ["fast", "balanced", "small"])
def test_codecs_without_records_try_all(effort: Effort) -> None:
    """Where nothing was measured every effort tries every way and searches for codes."""
    assert choice_of(effort, (), 2, ("a",)) == choice_of("small", (FAR, FAR, FAR), 2, ("a",))


def test_forecasts_follow_the_values() -> None:
    """A block may take a margin more than its values took at fit time; unknown ones anything."""
    choice = choice_of("fast", (FAR, UNKNOWN), 2, ())
    assert choice.most_bytes(0, 20_000) == pytest.approx(1.25 * 2000, abs=100)
    assert choice.most_bytes(1, 20_000) == math.inf


@pytest.mark.parametrize("records", [(FAR,), (FAR, WayRecord(99)), (FAR, FAR, FAR)])
def test_records_of_another_codec_are_refused(records: tuple[WayRecord, ...]) -> None:
    """Records that are not those of all streams, or of no method, are refused."""
    with pytest.raises(ValueError, match=r"ways of|methods"):
        choice_of("small", records, 1, ("a",))


def test_codes_are_made_only_for_the_network() -> None:
    """Blocks have codes only if the network's residuals are among the ways to try."""
    learned = WayRecord(Method.NETWORK_RESIDUALS, 10)
    assert choice_of("fast", (FAR, learned), 2, ()).takes_network
    assert not choice_of("fast", (FAR, FAR), 2, ()).takes_network
