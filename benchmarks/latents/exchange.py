"""Files by which processes hand over a table's rows and what a method made of them.

Peers and scores run in an environment of their own, which has numpy but not Arrow and none of our
package. So this module imports numpy alone.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int64, Shaped

_INPUTS = "inputs.npz"
#: The code of a category that no method gave back.
UNKNOWN = -1


@dataclass(frozen=True)
class Inputs:
    """The rows of a table as arrays by kind, and what is to be learned of them.

    Args:
        numbers: floats, integers and times; NaN where missing.
        categories: codes from 0; a missing value has a code of its own.
        text: one string per row; empty if the table has none.
        vectors: of all columns of vectors, side by side.
        target: classes from 0; `UNKNOWN` where none is known.
        is_test: rows that no method sees before it is scored.
        metric: of the target: auc, f1, macro_f1, anomaly, or none.
    """

    numbers: Float[np.ndarray, "rows numbers"]
    categories: Int64[np.ndarray, "rows categories"]
    text: Shaped[np.ndarray, " texts"]
    vectors: Float[np.ndarray, "rows width"]
    target: Int64[np.ndarray, " rows"]
    is_test: Bool[np.ndarray, " rows"]
    metric: str

    @property
    def n_columns(self) -> int:
        """Columns that a method may learn; vectors and texts count as one each."""
        others = int(self.vectors.shape[1] > 0) + int(len(self.text) > 0)
        return self.numbers.shape[1] + self.categories.shape[1] + others

    def save(self, folder: Path) -> None:
        """Write all arrays to a folder."""
        np.savez(folder / _INPUTS, **asdict(self))

    @classmethod
    def load(cls, folder: Path) -> Inputs:
        """Read what `save` wrote."""
        with np.load(folder / _INPUTS) as file:
            arrays = dict(file)
        return cls(**arrays | {"metric": str(arrays["metric"])})


@dataclass(frozen=True)
class Outputs:
    """The latents of all rows, what they decode to, and what that cost.

    Args:
        latents: of all rows.
        numbers: in source units; NaN in columns that are not in the latents.
        categories: codes of the inputs; `UNKNOWN` in columns that are not in the latents.
        vectors: as the inputs; NaN if they are not in the latents.
        train_s: CPU-seconds of training.
        encode_s: CPU-seconds of all rows' latents.
        n_learned: columns that the latents stand for.
    """

    latents: Float[np.ndarray, "rows latent"]
    numbers: Float[np.ndarray, "rows numbers"]
    categories: Int64[np.ndarray, "rows categories"]
    vectors: Float[np.ndarray, "rows width"]
    train_s: float
    encode_s: float
    n_learned: int

    def save(self, folder: Path, method: str, dim: int) -> None:
        """Write all arrays to a folder."""
        np.savez(folder / f"{method}-{dim}.npz", **asdict(self))


@dataclass(frozen=True)
class Made:
    """A method's outputs as a folder has them, or why there are none."""

    method: str
    dim: int
    outputs: Outputs | None
    failure: str = ""


def load_made(folder: Path, method: str, dim: int) -> Made:
    """Read what a method left in a folder."""
    note, file = folder / f"{method}-{dim}.txt", folder / f"{method}-{dim}.npz"
    if note.exists():
        return Made(method, dim, None, note.read_text(encoding="utf-8"))
    if not file.exists():
        return Made(method, dim, None, "not run")
    with np.load(file) as arrays:
        own = dict(arrays)
    costs = {name: float(own[name]) for name in ("train_s", "encode_s")}
    return Made(method, dim, Outputs(**own | costs | {"n_learned": int(own["n_learned"])}))


def save_each(
    folder: Path, method: str, dims: Sequence[int], make: Callable[[int], Outputs]
) -> None:
    """Write the outputs of each dimension; where a method fails, the reason in a line."""
    for dim in dims:
        try:
            make(dim).save(folder, method, dim)
        except Exception as error:  # of any package: one method's failure is no other's
            traceback.print_exc()
            save_failure(folder, method, dim, f"{type(error).__name__}: {error}")


def save_failure(folder: Path, method: str, dim: int, reason: str) -> None:
    """Write why there are no outputs, in one line."""
    line = (reason.strip().splitlines() or ["failed"])[0]
    (folder / f"{method}-{dim}.txt").write_text(line[:300], encoding="utf-8")


@dataclass(frozen=True)
class Score:
    """All that is measured of one method on one table; None where it does not apply.

    Args:
        table: its name.
        method: its name.
        dim: numbers of a latent; 0 for raw columns.
        n_learned: columns that the latents stand for.
        n_columns: columns that they might.
        mse: of numbers, in variances, the mean of the columns.
        bulk_mse: the same without outliers, in variances of what is left.
        accuracy: of categories, the mean of the columns.
        vector_mse: of vectors, in variances.
        linear: score of logistic regression on the latents.
        trees: score of gradient boosting on the latents.
        anomaly_auc: ROC AUC of the rows' reconstruction errors.
        recall: share of the ten nearest vectors that are among the ten nearest latents.
        train_rows: rows per CPU-second of training.
        encode_rows: rows per CPU-second of encoding.
        failure: why there is nothing, or empty.
    """

    table: str
    method: str
    dim: int
    n_learned: int = 0
    n_columns: int = 0
    mse: float | None = None
    bulk_mse: float | None = None
    accuracy: float | None = None
    vector_mse: float | None = None
    linear: float | None = None
    trees: float | None = None
    anomaly_auc: float | None = None
    recall: float | None = None
    train_rows: float | None = None
    encode_rows: float | None = None
    failure: str = field(default="")

    @property
    def downstream(self) -> dict[str, float]:
        """Scores that are better when larger, by name; only those that apply."""
        found = {
            "logistic regression": self.linear,
            "gradient boosting": self.trees,
            "anomaly AUC": self.anomaly_auc,
            "recall@10": self.recall,
        }
        return {name: value for name, value in found.items() if value is not None}
