"""Work that does nothing, so that all that is left is the engine's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.dataset import Fragment
from ae_pipeline.results.account import StoredBytes
from ae_pipeline.results.dataset import FragmentResult


@dataclass(frozen=True)
class Nothing:
    """Leaves each fragment as it is."""

    @property
    def paths(self) -> tuple[str, ...]:
        """No folder."""
        return ()

    @property
    def makes(self) -> type[FragmentResult]:
        """Results."""
        return FragmentResult

    def open(self) -> Callable[[Fragment], FragmentResult]:
        """Return the work."""
        return _done


def named_fragments(n_fragments: int) -> tuple[Fragment, ...]:
    """Return fragments without files."""
    names = (f"day={number // 100}/part-{number}.parquet" for number in range(n_fragments))
    return tuple(Fragment(Path(name), name, 0) for name in names)


def _done(fragment: Fragment) -> FragmentResult:
    return FragmentResult(
        **vars(StoredBytes.total([])),
        relative=fragment.relative,
        partition=".",
        state="written",
        n_rows=0,
    )
