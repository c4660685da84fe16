"""Outcome of a comparison, and the bars that it has to meet."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.fit import Candidate

#: Raw bytes and mean rows per fragment below which an archive's own overhead shows.
_SMALL_BYTES, _SMALL_ROWS = 5_000_000, 10_000
_BAR, _SMALL_BAR = 1.00, 1.02
#: A peer may exceed its tolerance by the rounding of its floats.
_ROUNDING = 1e-3
MOST_FIT_S = 180.0
#: Share of our bytes by which a forecast may be wrong.
MOST_SURPRISE = 0.15


@dataclass(frozen=True)
class Entry:
    """Bytes, speed and errors of one way to store the feature columns.

    Args:
        name: name of the peer.
        n_bytes: all bytes: payload, missing values, model.
        model_bytes: bytes of the model alone.
        encode_mb_s: raw megabytes per CPU-second.
        decode_mb_s: the same, decoding.
        worst: largest error of any value, in tolerances of its column.
    """

    name: str
    n_bytes: int
    model_bytes: int
    encode_mb_s: float
    decode_mb_s: float
    worst: float

    @property
    def keeps_promise(self) -> bool:
        """Whether every value is within its tolerance, but for the rounding of floats."""
        return self.worst <= 1.0 + _ROUNDING


@dataclass(frozen=True)
class Comparison:
    """Everything measured on one dataset at one tolerance.

    Args:
        dataset: its name.
        tolerance: relative to each column's range.
        absolute: the same in source units, by column.
        n_rows: rows of all fragments.
        n_values: values of all feature columns.
        n_fragments: number of files.
        raw_bytes: size of the feature columns uncompressed.
        file_bytes: size of the source's files, kept columns included.
        stored_bytes: size of the feature columns in those files.
        ours: payload of the archive and its model.
        peers: methods that keep the promise, or should.
        baseline: the classical autoencoder, which promises nothing.
        is_verified: every value of the archive was compared with the source's.
        encode_s: wall seconds of fitting and encoding.
        estimated_bytes: bytes that the forecast gave for ours.
        estimate_s: wall seconds that the forecast of all tolerances took.
        plan: candidates that our planner tried.
    """

    dataset: str
    tolerance: float
    absolute: dict[str, float]
    n_rows: int
    n_values: int
    n_fragments: int
    raw_bytes: int
    file_bytes: int
    stored_bytes: int
    ours: Entry
    peers: tuple[Entry, ...]
    baseline: Entry
    is_verified: bool
    encode_s: float
    estimated_bytes: int
    estimate_s: float
    plan: tuple[Candidate, ...]

    @property
    def best(self) -> Entry:
        """The smallest peer that keeps the promise."""
        return min((peer for peer in self.peers if peer.keeps_promise), key=lambda p: p.n_bytes)

    @property
    def chosen(self) -> str:
        """The candidate that our planner chose."""
        return next(candidate.name for candidate in self.plan if candidate.is_chosen)

    @property
    def relative(self) -> float:
        """Our bytes over those of the best peer."""
        return self.ours.n_bytes / self.best.n_bytes

    @property
    def surprise(self) -> float:
        """Share of our bytes by which the forecast was too high."""
        return self.estimated_bytes / self.ours.n_bytes - 1.0

    @property
    def bar(self) -> float:
        """The largest `relative` that meets the bar."""
        is_small = self.raw_bytes < _SMALL_BYTES or self.n_rows < _SMALL_ROWS * self.n_fragments
        return _SMALL_BAR if is_small else _BAR

    @property
    def is_met(self) -> bool:
        """Whether ours is small and fast enough, as forecast, with every promise kept."""
        is_kept = self.is_verified and self.ours.worst <= 1.0
        is_foreseen = abs(self.surprise) <= MOST_SURPRISE
        is_soon = self.encode_s <= MOST_FIT_S
        return is_kept and is_foreseen and is_soon and self.relative <= self.bar
