"""Advice on whether an archive pays, and at which tolerance columns keep their meaning."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.errors import listing
from ae_pipeline.results.estimate import EstimatedOption

#: How many times smaller than the simple codec an archive must be for the advice to mention it.
_WORTH = 1.05
#: How many times smaller than the source's files an archive must be to be worth having.
_LITTLE = 1.1
#: The most columns in the way that are named with their numbers.
_NAMED = 8


def recommend(
    options: Sequence[EstimatedOption], others: Sequence[EstimatedOption]
) -> EstimatedOption:
    """Return the coarsest option in which every column keeps its meaning.

    Args:
        options: one per tolerance that was asked for.
        others: options to fall back on, the coarsest first and exact last.
    """
    coarse_first = sorted(options, key=lambda option: -option.tolerance)
    return next(option for option in (*coarse_first, *others) if not option.in_the_way)


def give_verdict(
    best: EstimatedOption, options: Sequence[EstimatedOption], source_bytes: int
) -> str:
    """Return advice in plain words.

    Args:
        best: recommended option.
        options: one per tolerance that was asked for.
        source_bytes: size of the source's files.
    """
    return f"{_advice(best, source_bytes)}{_obstacles(best, options)}"


def _advice(best: EstimatedOption, source_bytes: int) -> str:
    times = source_bytes / max(best.archive_bytes, 1)
    files = f"files {times:.1f}x smaller than they are"
    how = "exact" if best.label == "exact" else f"at {best.label}"
    if times < _LITTLE:
        return (
            f"Don't: {how}, where every column keeps its meaning, an archive would hardly be "
            "smaller than the files are."
        )
    if best.gain >= _WORTH:
        return (
            f"Use it {how}, where every column keeps its meaning: {files}, and encoded columns "
            f"{best.gain:.1f}x smaller than simple codecs make them."
        )
    return (
        f"Use it {how}, where every column keeps its meaning: {files}. Columns hardly depend on "
        "each other: direct coding already gives all."
    )


def _obstacles(best: EstimatedOption, options: Sequence[EstimatedOption]) -> str:
    """Name the columns in the way of the next coarser tolerance; empty if there is none."""
    coarser = [option for option in options if option.in_the_way]
    if best in options:
        coarser = [option for option in coarser if option.tolerance > best.tolerance]
    if not coarser:
        return ""
    following = min(coarser, key=lambda option: option.tolerance)
    names = listing(following.in_the_way, _NAMED)
    return (
        f" In the way of {following.label}: {names}. Rules of their own (tolerance.rules) would "
        "let the others be coarser."
    )
