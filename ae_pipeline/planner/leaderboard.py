"""Measure candidates by the bytes that they and their models take, and keep the best."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field, replace

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.planner.sample import SampleBlocks
from ae_pipeline.results.fit import Candidate
from ae_pipeline.results.progress import Progress, ProgressEvent, silent

logger = logging.getLogger(__name__)


@dataclass
class Leaderboard:
    """Keeps the candidate of fewest bytes.

    Args:
        sample: blocks to measure on.
        growth: rows of the archive per row of the source; all of them share the model.
        progress: called after each candidate.
        n_expected: about how many candidates there will be; a search may take more or fewer.
    """

    sample: SampleBlocks
    growth: float
    progress: Progress = silent
    n_expected: int = 1
    best: ArchiveCodec | None = None
    best_bytes: float = float("inf")
    entries: list[Candidate] = field(default_factory=list)

    def bytes_of(self, codec: ArchiveCodec) -> float:
        """Estimate the bytes of the source's blocks and its share of the model."""
        return self.sample.coded_bytes(codec) + self.model_bytes(codec)

    def model_bytes(self, codec: ArchiveCodec) -> float:
        """Return the bytes of the source's share of the model."""
        return sum(model_bytes(codec).values()) / self.growth

    def enter(self, name: str, codec: ArchiveCodec, started: float) -> float:
        """Measure a candidate and list it.

        Args:
            name: for plans.
            codec: of the candidate.
            started: `time.monotonic()` when work on it began.

        Returns:
            Its bytes, as `bytes_of`.
        """
        total = self.bytes_of(codec)
        self.enter_measured(name, codec, total, time.monotonic() - started)
        return total

    def enter_measured(self, name: str, codec: ArchiveCodec, total: float, seconds: float) -> None:
        """List a candidate that was measured, by `bytes_of`, in so many seconds."""
        model = sum(model_bytes(codec).values())
        payload = round(total - model / self.growth)
        is_best = total < self.best_bytes
        if is_best:
            self.best, self.best_bytes = codec, total
            self.entries = [replace(entry, is_chosen=False) for entry in self.entries]
        self.entries.append(Candidate(name, payload, model, round(seconds, 1), is_best))
        logger.info("%s: %d bytes of payload, %d of model", name, payload, model)
        self._tell(len(self.entries))

    def _tell(self, n_done: int, is_over: bool = False) -> None:
        """Report how many candidates are done and how good the best is, next to plain numbers."""
        n_all = n_done if is_over else max(self.n_expected, n_done + 1)
        best = f"best so far {self.sample.raw_bytes / max(self.best_bytes, 1.0):.3g}x"
        turn = f"{n_done} candidates" if is_over else f"candidate {n_done + 1} of {n_all}"
        self.progress(ProgressEvent("choose", n_done, n_all, f"{turn}, {best}"))

    def verdict(self) -> ArchiveCodec:
        """Return the best codec, with all candidates in its provenance.

        Raises:
            ValueError: no candidate was entered.
        """
        if self.best is None:
            raise ValueError("no candidate was measured")
        self._tell(len(self.entries), is_over=True)
        provenance = replace(self.best.provenance, plan=tuple(self.entries))
        return replace(self.best, provenance=provenance)
