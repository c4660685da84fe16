"""All that `benchmarks.table` finds, exactly and at 1 % of floats, as a page of Markdown.

python -m benchmarks.tables.page DATASET...
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from inspect import cleandoc
from pathlib import Path

from ae_pipeline.report.tables.markup import to_markdown
from benchmarks import table
from benchmarks.measure.machine import machine_line
from benchmarks.tables.formats import FORMATS
from benchmarks.tables.outcome import column_table, peer_table, summary_table
from benchmarks.tables.worker import compare_tables

TOLERANCES = (0.0, 0.01)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+", type=Path)
    print(page(parser.parse_args().datasets), end="")


def page(datasets: Sequence[Path], peers: Sequence[str] | None = None) -> str:
    """Measure, beside all peers or those named, and describe the results."""
    names = [peer.name for peer in FORMATS] if peers is None else peers
    found = [compare_tables(dataset, TOLERANCES, names) for dataset in datasets]
    parts = [
        f"{machine_line()}.\n",
        to_markdown(summary_table(found)),
        f"{cleandoc(table.__doc__ or '')}\n",
        *map(to_markdown, map(peer_table, found)),
        *map(to_markdown, map(column_table, found)),
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
