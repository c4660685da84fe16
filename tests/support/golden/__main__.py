"""Write the golden datasets that today's and every later release must read.

Each case is a folder `tests/golden/<kind>-<format version>/<name>` with the dataset and, beside it,
`expected.json`: per fragment the Arrow schema and the values of every column, numbers as the hex
digits of their bits. Sources come from formulas and weights are set by hand, so that nothing is
trained and nothing drawn.

    python -m tests.support.golden

writes the cases that are missing. A case is never written twice: it stands for the files that
people have.
"""

from __future__ import annotations

import sys

from tests.support.golden.reading import GOLDEN
from tests.support.golden.writing import CASES, check_is_new, write_case


def main() -> None:
    """Write the cases that are missing."""
    for name in CASES:
        if (GOLDEN / name).exists():
            sys.stdout.write(f"{name}: exists, never written again\n")
            continue
        check_is_new(name)
        write_case(name, GOLDEN)
        sys.stdout.write(f"{name}: written\n")


if __name__ == "__main__":
    main()
