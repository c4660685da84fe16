"""One HTML page of an archive or of features: where the bytes went, and what errors there are.

The page is one file that loads nothing from elsewhere. It is drawn with matplotlib, of the extra
`[report]`, which is loaded when a page is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ae_pipeline.errors import DestinationExistsError
from ae_pipeline.extras import require
from ae_pipeline.locations import parse
from ae_pipeline.pages.page import GENERATOR
from ae_pipeline.publish import publish_bytes
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.storage import name_within, page_file
from ae_pipeline.store import is_there, place, visiting
from ae_pipeline.verbs import verify

__all__ = ["LeftPage", "leave_page", "page_of", "require_drawing", "write_page"]

_HEAD_BYTES = 1024


def page_of(
    path: str, source: str | None = None, color: str | None = None, progress: Progress = silent
) -> str:
    """Return a page of an archive, of features, or of tables that decode wrote, as HTML.

    Args:
        path: of the dataset; a path or URI.
        source: to compare every value with, as verify does; None for what is known without it.
        color: kept column or partition key by which the map of latents is coloured.
        progress: called while values are compared.

    Raises:
        AePipelineError: the path holds no such dataset, the source cannot be used, there is no such
            column, or matplotlib is not installed.
    """
    require_drawing()
    from ae_pipeline.pages.making import make_page  # noqa: PLC0415  it needs the extra

    compare = partial(verify, progress=progress)
    made = make_page(path, source, color, lambda job: compare(job) if job.source else None)
    return made.page


@dataclass(frozen=True)
class LeftPage:
    """The page that a run has left in a dataset, and the key facts on it.

    Args:
        place: path or URI of the file.
        n_bytes: its size.
        numbers: names and values, in words.
        sentences: the verdict, and what is not in order.
        picture: where the bytes went, as an SVG file; empty where that is not known.
    """

    place: str
    n_bytes: int
    numbers: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    picture: str


def leave_page(
    dataset: str, source: str | None = None, report: DatasetReport | None = None
) -> LeftPage:
    """Write the page of a dataset to its private folder, as a run's last step; compare nothing.

    Args:
        dataset: that the run has written; a path or URI.
        source: whose rows and sizes are shown; None if it is gone.
        report: of decoded values that the run has compared, if it has.

    Raises:
        AePipelineError: as `page_of`, or the page cannot be written.
    """
    require_drawing()
    from ae_pipeline.pages.making import make_page  # noqa: PLC0415  it needs the extra

    with visiting([dataset]):
        made = make_page(dataset, source, None, lambda _: report)
        path, content = page_file(place(dataset)), made.page.encode()
        publish_bytes(path, content)
        is_local = parse(dataset) is None
        told = path if is_local else f"{dataset.rstrip('/')}/{name_within(path, place(dataset))}"
    return LeftPage(str(told), len(content), made.numbers, made.sentences, made.picture)


def require_drawing() -> None:
    """Raise `MissingExtraError`, with the command that installs it, if matplotlib is not there."""
    require("report", "matplotlib")


def write_page(page: str, out: str) -> None:
    """Write a page to a file, over an earlier page, and over nothing else.

    Args:
        page: as HTML.
        out: path or URI of the file.

    Raises:
        DestinationExistsError: there is a file that is no page.
        DestinationError: it cannot be written.
    """
    folder = out.rpartition("/")[0] if parse(out) is not None else out
    with visiting([folder]):
        path = place(out)
        if is_there(path) and not _is_page(path):
            raise DestinationExistsError(
                "there is a file that is no page of report",
                where=out,
                remedy="name another file with --out, or move that one away",
            )
        publish_bytes(path, page.encode())


def _is_page(path: Path) -> bool:
    """Whether an earlier run has written it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return GENERATOR.encode() in file.read(_HEAD_BYTES)
