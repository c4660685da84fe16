"""Bars of the benchmarks are as stated, and tables tell all that was found."""

from __future__ import annotations

from dataclasses import replace

from ae_pipeline.results.fit import Candidate
from benchmarks.measure.outcome import Comparison, Entry
from benchmarks.ratio import bar_table, peer_table


def _comparison(raw_bytes: int, n_rows: int, ours: int = 100) -> Comparison:
    small, broken = Entry("small", 100, 0, 1.0, 1.0, 1.0), Entry("broken", 1, 0, 1.0, 1.0, 9.0)
    return Comparison(
        dataset="some",
        tolerance=0.01,
        absolute={"a": 0.5},
        n_rows=n_rows,
        n_values=n_rows,
        n_fragments=1,
        raw_bytes=raw_bytes,
        file_bytes=raw_bytes,
        stored_bytes=raw_bytes,
        ours=Entry("ours", ours, 0, 1.0, 1.0, 1.0),
        peers=(small, broken),
        baseline=broken,
        is_verified=True,
        encode_s=1.0,
        estimated_bytes=ours,
        estimate_s=1.0,
        plan=(Candidate("direct", ours, 0, 1.0, True),),
    )


def test_bars() -> None:
    """1.00, but 1.02 for little data or small files; peers that break the promise do not count."""
    large, little, short = ((6_000_000, 20_000), (4_000_000, 20_000), (6_000_000, 9_000))
    assert _comparison(*large).bar == 1.00
    assert _comparison(*little).bar == _comparison(*short).bar == 1.02
    assert _comparison(*large).is_met
    assert not _comparison(*large, ours=102).is_met
    assert _comparison(*little, ours=102).is_met
    assert not replace(_comparison(*large), is_verified=False).is_met
    assert not replace(_comparison(*large), encode_s=181.0).is_met
    assert replace(_comparison(*large), estimated_bytes=115).is_met
    assert not replace(_comparison(*large), estimated_bytes=84).is_met


def test_tables_say_what_was_found() -> None:
    """Every peer has a row, and every bar is met or missed."""
    found = _comparison(6_000_000, 20_000, ours=101)
    assert {"small", "broken", "ours"} < {row[0] for row in peer_table(found).rows}
    assert bar_table([found]).rows[0][-1] == "MISSED"
