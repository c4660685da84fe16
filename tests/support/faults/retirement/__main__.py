"""`python -m tests.support.faults.retirement --runs 500 --seed 0`: faults in nights that delete.

A night runs in a process of its own. At one of its steps (before and after each change of the file
system, and each hash) a fault strikes. Then what was struck is mended, and another night runs.
After each of both, every row of the source has to lie in the source still, or to come out of the
archive within the promise of the night. Children are forked before anything is read or written,
so that no thread of Arrow's is lost in them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.faults.retirement.runs import Outcome, run_all
from tests.support.faults.retirement.strikes import FAULTS


def print_table(outcomes: list[Outcome]) -> None:
    """Fault x step: runs, how they ended, what was lost."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in outcomes:
        counted = counts.setdefault((one.fault, one.step), Counter())
        counted.update([one.ended, *(["LOST"] if one.bad else [])])
    print(f"{'fault':<15} {'step':<44} {'runs':>4}  ended")
    for (fault, step), counted in sorted(counts.items()):
        n_runs = sum(counted[name] for name in ("rc 0", "told", "killed"))
        ended = ", ".join(f"{name} {number}" for name, number in sorted(counted.items()))
        print(f"{fault:<15} {step:<44} {n_runs:>4}  {ended}")
    n_bad = sum(bool(one.bad) for one in outcomes)
    print(f"{len(outcomes)} runs, {n_bad} lost something")


def main() -> None:
    """Entry point; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=tuple(FAULTS))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="retirement-"))
    outcomes = run_all(folder, arguments.runs, arguments.seed, tuple(arguments.faults))
    print_table(outcomes)
    if any(one.bad for one in outcomes):
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
