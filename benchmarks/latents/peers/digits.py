"""Write scikit-learn's digits, 1,797 images of 8 by 8: `PEER_PYTHON -m ... FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def main() -> None:
    """Write vectors and classes to the file that the command line names."""
    found = load_digits()
    vectors = found.data.astype(np.float32)
    np.savez(Path(sys.argv[1]), vectors=vectors, target=found.target.astype(np.int64))


if __name__ == "__main__":
    main()
