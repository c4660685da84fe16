"""One sentence on whether an archive is worth it."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.results import EstimatedOption

#: Times smaller than the simple codec from which the difference is worth a word.
_WORTH = 1.05
#: Times smaller than the source's files below which an archive is not worth having.
_LITTLE = 1.1


def give_verdict(options: Sequence[EstimatedOption], source_bytes: int) -> str:
    """Plain advice from the options, which are in the user's order.

    Args:
        options: one per tolerance.
        source_bytes: of the source's files.
    """
    best = max(options, key=lambda option: option.gain)
    files = source_bytes / max(best.archive_bytes, 1)
    tolerance = f"{100 * best.tolerance:g} %"
    if best.gain >= _WORTH:
        return (
            f"Use it at {tolerance}: {best.gain:.1f}x smaller than the best simple codec, "
            f"files {files:.1f}x smaller than they are."
        )
    smallest = max(options, key=lambda option: source_bytes / max(option.archive_bytes, 1))
    files = source_bytes / max(smallest.archive_bytes, 1)
    if files >= _LITTLE:
        return (
            "Columns hardly depend on each other: direct coding already gives all, files "
            f"{files:.1f}x smaller than they are at {100 * smallest.tolerance:g} %."
        )
    return "Don't: an archive would hardly be smaller than the files are."
