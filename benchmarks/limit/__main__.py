"""Command line: `python -m benchmarks.limit`."""

from __future__ import annotations

from benchmarks.limit import main

if __name__ == "__main__":
    main()
