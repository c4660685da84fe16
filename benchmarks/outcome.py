"""What a comparison found, and the bars it is held to."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.fit import Candidate

#: Raw bytes and mean rows of a fragment below which what an archive must say of itself shows.
_SMALL_BYTES, _SMALL_ROWS = 5_000_000, 10_000
_BAR, _SMALL_BAR = 1.00, 1.02
#: A peer may miss by the rounding of its floats.
_ROUNDING = 1e-3
MOST_FIT_S = 180.0
#: Share of our bytes by which a forecast may be wrong.
MOST_SURPRISE = 0.15


@dataclass(frozen=True)
class Entry:
    """What one way to store the feature columns took.

    Args:
        name: of the peer.
        n_bytes: all of them: payload, which values are missing, model.
        model_bytes: of the model alone.
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
    """Everything measured of one dataset at one tolerance.

    Args:
        dataset: its name.
        tolerance: relative to each column's range.
        absolute: the same in source units, by column.
        n_rows: of all fragments.
        n_values: of all feature columns.
        n_fragments: files.
        raw_bytes: of the feature columns uncompressed.
        file_bytes: the source's files, kept columns and all.
        stored_bytes: the feature columns in them.
        ours: payload of the archive and its model.
        peers: what keeps the promise, or should.
        baseline: the classical autoencoder, which promises nothing.
        is_verified: every value of the archive was held against the source's.
        encode_s: wall seconds of fitting and encoding.
        estimated_bytes: what the forecast said of ours.
        estimate_s: wall seconds that the forecast of all tolerances took.
        plan: what our planner tried.
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
        """What our planner found best."""
        return next(candidate.name for candidate in self.plan if candidate.is_chosen)

    @property
    def relative(self) -> float:
        """Our bytes over those of the best peer."""
        return self.ours.n_bytes / self.best.n_bytes

    @property
    def surprise(self) -> float:
        """By which share of our bytes the forecast was too high."""
        return self.estimated_bytes / self.ours.n_bytes - 1.0

    @property
    def bar(self) -> float:
        """What `relative` may be at most."""
        is_small = self.raw_bytes < _SMALL_BYTES or self.n_rows < _SMALL_ROWS * self.n_fragments
        return _SMALL_BAR if is_small else _BAR

    @property
    def is_met(self) -> bool:
        """Small enough, soon enough, as foreseen, and every promise kept."""
        is_kept = self.is_verified and self.ours.worst <= 1.0
        is_foreseen = abs(self.surprise) <= MOST_SURPRISE
        is_soon = self.encode_s <= MOST_FIT_S
        return is_kept and is_foreseen and is_soon and self.relative <= self.bar
