"""Where a night that deletes happens: a source, its archive, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NAMES = tuple(f"day={day}/part-0.parquet" for day in (1, 2, 3))


@dataclass
class Place:
    """Where a run happens.

    Args:
        root: holds source, archive, and the codecs.
        random: what is struck, and how.
        other: process of a second run that waits to go on, and the pipe that ends with it.
    """

    root: Path
    random: Random
    other: tuple[int, int] | None = None
    struck: list[str] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """Root of the source."""
        return self.root / "source"

    @property
    def archive(self) -> Path:
        """Root of the archive."""
        return self.root / "archive"

    def victims(self, call: str) -> list[Path]:
        """Source files, by the name that they have now, whose deletion can still be stopped."""
        found = []
        for name in NAMES:
            path = self.source / name
            hidden = path.with_name(f".{path.name}.retiring")
            if path.exists():
                found.append(path)
            elif hidden.exists() and not (call.startswith("unlink") and hidden.name in call):
                found.append(hidden)
        return found

    def archived(self, path: Path) -> Path:
        """The archive file of a source file."""
        name = path.name.removeprefix(".").removesuffix(".retiring")
        return self.archive / path.parent.name / name


def table(seed: int) -> pa.Table:
    """Two columns with enough rows for the fingerprint to sample them."""
    generator = np.random.default_rng(seed)
    return pa.table({"key": np.arange(30_000), "x": generator.normal(size=30_000).cumsum()})


def write(path: Path, content: pa.Table) -> None:
    """Without compression: values lie open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(content, path, compression="none", use_dictionary=False)
