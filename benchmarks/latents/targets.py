"""Targets of latents, each judged from what one run measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.latents.exchange import Score
from benchmarks.latents.run import OURS

#: The table with values far beyond all others.
OUTLIERS = "outliers"
#: Keeps what divides from 0.
_TINY = 1e-12
#: Rows per CPU-second that encoding must reach.
LEAST_NUMBERS, LEAST_MIXED = 500_000.0, 50_000.0


@dataclass(frozen=True)
class Verdict:
    """A target beside what was reached.

    Args:
        target: in words.
        reached: in words and figures.
        is_met: None where it was not measured.
    """

    target: str
    reached: str
    is_met: bool | None

    def __str__(self) -> str:
        words = {True: "met", False: "MISSED", None: "not measured"}
        return f"{self.target}: {self.reached}: {words[self.is_met]}"


@dataclass(frozen=True)
class Costs:
    """Costs of our own latents; None, or a reason, where they were not measured.

    Args:
        encode_numbers: rows per CPU-second of 32 numbers.
        encode_mixed: rows per CPU-second of a census.
        source_bytes: of beijing_air's files.
        features_bytes: of its features with all that decodes them.
        failures: reasons by the names of the figures.
    """

    encode_numbers: float | None = None
    encode_mixed: float | None = None
    source_bytes: float | None = None
    features_bytes: float | None = None
    failures: Mapping[str, str] | None = None


def verdicts(found: Sequence[Score], costs: Costs) -> list[Verdict]:
    """Judge all targets; one whose table was not run is not measured."""
    usual = [one for one in found if one.table != OUTLIERS]
    far = [one for one in found if one.table == OUTLIERS]
    sms = [one for one in found if (one.table, one.dim) == ("sms_spam", 16)]
    return [
        _errors("MSE of numbers at most PCA's", usual, "mse"),
        _errors("vector MSE at most PCA's", usual, "vector_mse"),
        _downstream("downstream at least PCA/SVD's", usual),
        _mean("downstream at least dfencoder's in the geometric mean", usual),
        _downstream("sms_spam's 16 latents at least TF-IDF + SVD-16", sms),
        _errors("MSE with outliers at most PCA's", far, "mse"),
        _errors("MSE with outliers, without them, at most PCA's", far, "bulk_mse"),
        _smaller(costs),
        _speed("rows encoded per CPU-s, 32 numbers", costs, "encode_numbers", LEAST_NUMBERS),
        _speed("rows encoded per CPU-s, census", costs, "encode_mixed", LEAST_MIXED),
    ]


def _pairs(found: Sequence[Score], peer: str) -> Iterator[tuple[Score, Score]]:
    """Yield ours and the peer's of each table and dimension, where the peer has a score."""
    own = {(one.table, one.dim): one for one in found if one.method == OURS}
    for one in found:
        if one.method == peer and not one.failure and (one.table, one.dim) in own:
            yield own[one.table, one.dim], one


def _failed(pairs: Sequence[tuple[Score, Score]]) -> str:
    """Say where ours has no latents: that misses a target as much as poor ones do."""
    failed = sorted({f"{ours.table} at {ours.dim}" for ours, _ in pairs if ours.failure})
    return f"; none of {', '.join(failed)}" if failed else ""


def _errors(target: str, found: Sequence[Score], name: str) -> Verdict:
    """Judge errors: none may be larger than PCA's."""
    pairs = [pair for pair in _pairs(found, "pca") if getattr(pair[1], name) is not None]
    ratios = [
        (getattr(peer, name) / max(getattr(ours, name), _TINY), ours)
        for ours, peer in pairs
        if getattr(ours, name) is not None
    ]
    return _verdict(target, pairs, ratios)


def _downstream(target: str, found: Sequence[Score]) -> Verdict:
    """Judge scores: none may be smaller than PCA's."""
    pairs = [pair for pair in _pairs(found, "pca") if pair[1].downstream]
    return _verdict(target, pairs, list(_ratios(pairs)))


def _verdict(
    target: str, pairs: Sequence[tuple[Score, Score]], ratios: Sequence[tuple[float, Score]]
) -> Verdict:
    """Judge how many times as good as the peer's each figure of ours is: all at least once."""
    if not pairs:
        return Verdict(target, "-", None)
    if not ratios:
        return Verdict(target, f"no latents{_failed(pairs)}", False)
    worst, one = min(ratios, key=lambda ratio: ratio[0])
    n_met = sum(ratio >= 1.0 for ratio, _ in ratios)
    reached = f"{n_met} of {len(ratios)}, the worst {worst:.4g} times as good"
    where = f" ({one.table}, {one.dim}){_failed(pairs)}"
    return Verdict(target, reached + where, n_met == len(ratios) and not _failed(pairs))


def _mean(target: str, found: Sequence[Score]) -> Verdict:
    pairs = [pair for pair in _pairs(found, "dfencoder") if pair[1].downstream]
    ratios = [max(ratio, _TINY) for ratio, _ in _ratios(pairs)]
    if not pairs:
        return Verdict(target, "-", None)
    if not ratios:
        return Verdict(target, f"no latents{_failed(pairs)}", False)
    mean = float(np.exp(np.mean(np.log(ratios))))
    return Verdict(target, f"{mean:.4f} times{_failed(pairs)}", mean >= 1.0 and not _failed(pairs))


def _ratios(pairs: Sequence[tuple[Score, Score]]) -> Iterator[tuple[float, Score]]:
    """Yield how many times a peer's each downstream score of ours is."""
    for ours, peer in pairs:
        for name, score in peer.downstream.items():
            if name in ours.downstream:
                yield ours.downstream[name] / max(score, _TINY), ours


def _smaller(costs: Costs) -> Verdict:
    target = "beijing_air's features of 4 numbers smaller than its source"
    if costs.source_bytes is None or costs.features_bytes is None:
        return _unmeasured(target, costs, "bytes")
    reached = f"{costs.features_bytes:,.0f} of {costs.source_bytes:,.0f} bytes"
    return Verdict(target, reached, costs.features_bytes < costs.source_bytes)


def _speed(words: str, costs: Costs, name: str, least: float) -> Verdict:
    target, rate = f"{words}, at least {least:,.0f}", getattr(costs, name)
    if rate is None:
        return _unmeasured(target, costs, name)
    return Verdict(target, f"{rate:,.0f}", rate >= least)


def _unmeasured(target: str, costs: Costs, name: str) -> Verdict:
    """Return a miss where the attempt failed, and nothing where there was none."""
    reason = (costs.failures or {}).get(name)
    return Verdict(target, reason or "-", False if reason else None)
