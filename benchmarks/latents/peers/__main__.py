"""One peer on one table, in a process of its own.

    PEER_PYTHON -m benchmarks.latents.peers METHOD FOLDER DIM...

Reads the inputs in FOLDER and leaves the outputs of each dimension there, or why there are none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.latents.exchange import Inputs, Outputs, save_each

#: The module of each method, which has a function of the method's name.
MODULES = {"pca": "pca", "dfencoder": "dfencoder_autoencoder", "pyod": "pyod_autoencoder"}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=tuple(MODULES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("dims", nargs="+", type=int)
    given = parser.parse_args()
    inputs = Inputs.load(given.folder)

    def make(dim: int) -> Outputs:
        # imported here: a package that is missing is a failure of this method, told in a line
        module = import_module(f"benchmarks.latents.peers.{MODULES[given.method]}")
        method: Callable[[Inputs], Callable[[int], Outputs]] = getattr(module, given.method)
        return method(inputs)(dim)

    save_each(given.folder, given.method, given.dims, make)


if __name__ == "__main__":
    main()
