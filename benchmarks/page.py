"""All that `benchmarks.ratio`, `limit` and `decoder` find, as a page of Markdown.

python -m benchmarks.page DATASET...
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from inspect import cleandoc

from ae_pipeline.report.tables import to_markdown
from benchmarks import decoder, known_sources, limit, ratio
from benchmarks.comparison import compare_all
from benchmarks.machine import machine_line

#: Datasets on which integers are held against floats; each is trained nine times.
_DECODED = 2


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+")
    print(page(parser.parse_args().datasets), end="")


def page(datasets: Sequence[str]) -> str:
    """Measure, and describe by the words of the modules that measure."""
    compared = [one for dataset in datasets for one in compare_all(dataset, ratio.TOLERANCES)]
    limits = limit.measure_limits()
    parts = [
        "# Benchmarks\n",
        f"Written by `python -m docs.generate bench-page`. {machine_line()}.\n",
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


if __name__ == "__main__":
    main()
