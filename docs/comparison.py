"""Tables of docs/explanation/comparison.md, taken from docs/benchmarks.md."""

from __future__ import annotations

import re

#: Peers of the page, by their names in docs/benchmarks.md.
_PEERS = {
    "ours": ("ours",),
    "pcodec": ("quantise + pcodec",),
    "SZ3": ("SZ3 per column", "SZ3 2-D"),
    "ZFP": ("ZFP per column",),
    "PCA": ("PCA + corrections",),
    "rounded Parquet": ("round + Parquet zstd",),
    "Parquet": ("Parquet zstd, lossless",),
}
_BYTES, _ENCODE, _DECODE = 0, 3, 4


def comparison_tables(page: str) -> str:
    """Bytes, then speeds, of float columns by each method, as Markdown with machine and date.

    Args:
        page: content of docs/benchmarks.md.
    """
    section = page.partition("<!-- peers -->\n")[2].partition("<!-- /peers -->")[0]
    machine, _, rest = section.partition("\n")
    found = re.findall(r"\*\*(\w+, [\d.]+ %): [^\n]*\n\n(.*?)\n\n", rest, re.DOTALL)
    data = {title: _rows(table) for title, table in found if title.startswith(("gas", "cms"))}
    sizes = [
        [title, *(_least(rows, names) for names in _PEERS.values())] for title, rows in data.items()
    ]
    speeds = [
        [name, *(_speeds(rows, names) for title, rows in data.items() if title.endswith(" 1 %"))]
        for name, names in _PEERS.items()
    ]
    titles = [title for title in data if title.endswith(" 1 %")]
    return "\n\n".join(
        (
            _table(["data, tolerance", *_PEERS], sizes),
            "Bytes of the float columns, models counted; all values within the tolerance, a part "
            "of each column's maximum - minimum. SZ3: by column or in two dimensions, the smaller.",
            _table(["MB/s, encode and decode", *titles], speeds),
            f"Raw MB per CPU-second; SZ3: by column. {machine}",
        )
    )


def _rows(table: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()]
    return {name: cells for name, *cells in lines[2:]}


def _least(rows: dict[str, list[str]], names: tuple[str, ...]) -> str:
    return min((rows[name][_BYTES] for name in names), key=lambda size: int(size.replace(",", "")))


def _speeds(rows: dict[str, list[str]], names: tuple[str, ...]) -> str:
    cells = rows[names[0]]
    return f"{cells[_ENCODE]}, {cells[_DECODE]}"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *["--:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (headings, rule, *rows))
