"""All that `benchmarks.ratio`, `limit` and `decoder` find, as a page of Markdown.

python -m benchmarks.page DATASET...
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from inspect import cleandoc

from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.report.tables.table import Table
from benchmarks import decoder, limit, ratio
from benchmarks.limit import known_sources
from benchmarks.measure.comparison import compare_all
from benchmarks.measure.machine import machine_line
from benchmarks.measure.outcome import Comparison

#: Datasets on which integers are compared with floats; each is trained nine times.
_DECODED = 2


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+")
    print(page(parser.parse_args().datasets), end="")


def page(datasets: Sequence[str]) -> str:
    """Measure, and describe results with the docstrings of the modules that measure."""
    compared = [one for dataset in datasets for one in compare_all(dataset, ratio.TOLERANCES)]
    limits = limit.measure_limits()
    parts = [
        f"{machine_line()}.\n",
        to_markdown(summary_table(compared)),
        f"## Archives and their peers\n\n{cleandoc(ratio.__doc__ or '')}\n",
        to_markdown(ratio.bar_table(compared)),
        *map(to_markdown, ratio.tolerance_tables(compared)),
        *map(to_markdown, map(ratio.peer_table, compared)),
        f"## What theory allows\n\n{cleandoc(limit.__doc__ or '')}\n",
        f"{cleandoc(known_sources.__doc__ or '')}\n",
        *map(to_markdown, map(limit.limit_table, limits)),
        f"## What integers cost\n\n{cleandoc(decoder.__doc__ or '')}\n",
        *map(to_markdown, map(decoder.decoder_table, datasets[:_DECODED])),
    ]
    return "\n".join(parts)


def summary_table(found: Sequence[Comparison]) -> Table:
    """Return the figures that users ask for first, in four columns; the README shows them."""
    return Table(
        title="In short",
        headings=(
            "data, tolerance",
            "smaller than its Parquet columns",
            "smaller than the best simple codec",
            "fit and encode",
        ),
        rows=tuple(map(_summary, found)),
        note="Numeric columns, with the model that decodes them. Tolerance: part of each column's "
        "maximum - minimum. Simple codecs: quantise + pcodec, SZ3, ZFP, PCA with residuals and "
        f"rounded Parquet, on the same blocks. {_kept(found)}",
    )


def _summary(one: Comparison) -> tuple[str, ...]:
    return (
        f"{one.dataset}, {100 * one.tolerance:g} %",
        f"{one.stored_bytes / one.ours.n_bytes:.1f}x",
        f"{1 / one.relative:.2f}x",
        f"{one.encode_s:.0f} s",
    )


def _kept(found: Sequence[Comparison]) -> str:
    """Return a sentence that says whether every promise was kept, or in how many rows not."""
    n_broken = sum(not one.is_verified or one.ours.worst > 1.0 for one in found)
    if n_broken:
        return f"In {n_broken} of these rows values came back BEYOND their tolerance."
    return "Every value was decoded and compared with its source: all are within their tolerance."


if __name__ == "__main__":
    main()
