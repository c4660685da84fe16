"""Find orphans: fragments of a dataset whose source is gone, although no run retired it.

Orphans are decoded with the other fragments, so a partition that was rewritten under new file names
has its rows twice. Every verb that reads a dataset warns of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path

from ae_pipeline.dataset import Fragment, fingerprint, open_footer
from ae_pipeline.errors import AePipelineError, listing
from ae_pipeline.lake import source_place
from ae_pipeline.locations import parse_table
from ae_pipeline.storage import read_notes
from ae_pipeline.store import is_there, place
from ae_pipeline.upkeep.footers import footer_of

_NAMED = 3
#: At most this many files are compared to decide whether a folder is the source of a dataset.
_MOST_COMPARED = 8


def source_root(source: str) -> Path:
    """Return the root of a source: the folder itself, or the parent of a single file.

    Of a table, that of its view.
    """
    path = source_place(source)
    return path.parent if path.is_file() else path


def find_orphans(
    fragments: Iterable[Fragment], source: Path, retired: Collection[str]
) -> tuple[Fragment, ...]:
    """Return the fragments of a dataset whose names the source no longer has.

    Args:
        fragments: fragments of the dataset.
        source: root of the source.
        retired: names whose sources were deleted after verification; they are not orphans.
    """
    return tuple(
        one
        for one in fragments
        if one.relative not in retired and not is_there(source / one.relative)
    )


def known_orphans(
    dataset: Path, fragments: Sequence[Fragment], source: str | None, fitted: Iterable[str]
) -> tuple[Fragment, ...]:
    """Return the orphans among fragments; none if the source is not known.

    Args:
        dataset: root of an archive or of features.
        fragments: fragments of the dataset that were read.
        source: path of the source; None to look where the codecs were fitted.
        fitted: paths of the sources of the codecs.
    """
    root = _fitted_source(fragments, fitted) if source is None else source_root(source)
    if root is None or not root.is_dir():
        return ()
    return find_orphans(fragments, root, read_notes(dataset, "retired"))


def orphan_warnings(orphans: Sequence[Fragment]) -> tuple[str, ...]:
    """Return one sentence with the numbers of files and rows, or nothing without orphans."""
    if not orphans:
        return ()
    count = describe_orphans(orphans)
    return (f"{count}; they are decoded, too, until `backfill --prune` removes them",)


def describe_orphans(orphans: Sequence[Fragment]) -> str:
    """Return a line: `1 file, 60 rows, not in the source any more: day=1/part-0.parquet`."""
    files = "1 file" if len(orphans) == 1 else f"{len(orphans):,} files"
    n_rows = sum(map(_n_rows, orphans))
    names = listing([one.relative for one in orphans], _NAMED)
    return f"{files}, {n_rows:,} rows, not in the source any more: {names}"


def _fitted_source(fragments: Sequence[Fragment], fitted: Iterable[str]) -> Path | None:
    """Return where the codecs were fitted, if a fragment was encoded from a file in that folder."""
    for root in (place(source) for source in fitted if parse_table(source) is None):
        there = (one for one in fragments if (root / one.relative).is_file())
        if any(_is_encoded_from(one, root) for one in islice(there, _MOST_COMPARED)):
            return root
    return None


def _is_encoded_from(fragment: Fragment, root: Path) -> bool:
    footer, path = footer_of(fragment.path), root / fragment.relative
    try:
        source = Fragment(path, fragment.relative, path.stat().st_size)
        return footer is not None and fingerprint(source) == footer.source_fingerprint
    except (AePipelineError, OSError):
        return False


def _n_rows(fragment: Fragment) -> int:
    """Return the rows that the footer states; 0 if it cannot be read."""
    try:
        with open_footer(fragment) as file:
            return int(file.metadata.num_rows)
    except (AePipelineError, OSError):
        return 0
