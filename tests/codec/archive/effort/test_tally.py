"""Tallies: the smallest ways of all blocks together, and quick ones as far as bytes allow."""

from __future__ import annotations

from ae_pipeline.codec.archive.effort import WayTally
from ae_pipeline.coding import Method
from ae_pipeline.results.fit import WayRecord


def test_the_smallest_ways_are_kept() -> None:
    """Records have the two smallest ways over all blocks, in bytes per 1,000 values."""
    tally = WayTally()
    tally.note(0, {Method.DIRECT: 500, Method.TABLE: 100}, 1000)
    tally.note(0, {Method.DIRECT: 100, Method.TABLE: 120}, 1000)
    assert tally.measured(1, ("a",)) == (
        WayRecord(Method.TABLE, 110, Method.DIRECT, 300),
        WayRecord(None),
    )


def test_ways_of_few_blocks_do_not_count() -> None:
    """A way that most blocks lack is no candidate, and a block that lacks one takes another."""
    tally = WayTally()
    for _ in range(3):
        tally.note(0, {Method.DIRECT: 100}, 1000)
    tally.note(0, {Method.DIRECT: 100, Method.LINEAR_CONTEXTS: 10}, 1000)
    assert tally.measured(1, ()) == (WayRecord(Method.DIRECT, 100),)


def test_the_network_pays_for_its_codes() -> None:
    """The network's ways count only if they save more than all codes take."""
    sizes = {Method.DIRECT: 300, Method.NETWORK_CONTEXTS: 100}
    for codes, way in ((150, Method.NETWORK_CONTEXTS), (250, Method.DIRECT)):
        tally = WayTally()
        tally.note(0, sizes, 1000)
        tally.note_codes(codes)
        assert tally.measured(1, ())[0].first == way


def test_quick_ways_take_few_bytes_more() -> None:
    """Quick ways replace slow ones where they lose least, up to a share of all bytes."""
    tally = WayTally()
    tally.note(0, {Method.TABLE: 1000, Method.DIRECT: 1080}, 1000)
    tally.note(1, {Method.TABLE: 1000, Method.DIRECT: 1040}, 1000)
    tally.note(2, {Method.NETWORK_RESIDUALS: 10, Method.DIRECT: 11}, 1000)
    quick = [record.quick for record in tally.measured(3, ())]
    assert quick == [None, Method.DIRECT, None]
