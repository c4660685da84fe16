"""A column of text: which terms a row has, weighted by how much they tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float32, Float64

from ae_pipeline.inputs.terms import find_terms


@dataclass(frozen=True)
class Text:
    """Terms that a network sees of a text; the text itself is kept beside the latents.

    Args:
        terms: those that `find_terms` finds in texts, each an input of the network.
        weights: of each term, more for rarer ones (TF-IDF; Salton and Buckley 1988).
    """

    terms: tuple[str, ...]
    weights: tuple[float, ...]

    @property
    def width(self) -> int:
        """Inputs of the network."""
        return len(self.terms)

    @cached_property
    def _known(self) -> pa.Array:
        return pa.array(self.terms, pa.string())

    @cached_property
    def _weights(self) -> Float64[np.ndarray, "width"]:
        return np.array(self.weights, np.float64)

    def expand(self, column: pa.Array) -> Float32[np.ndarray, "rows width"]:
        """Return what a network sees: 1 + log of how often a term occurs, weighted, of length 1.

        Null, and a text without known terms, is all zeros.
        """
        rows, terms = find_terms(column)
        found = pc.index_in(terms, value_set=self._known)
        is_known = found.is_valid().to_numpy(zero_copy_only=False)
        places = found.drop_null().to_numpy().astype(np.int64)
        cells, counts = np.unique(rows[is_known] * self.width + places, return_counts=True)
        rows, places = np.divmod(cells, max(self.width, 1))
        values = (1 + np.log(counts)) * self._weights[places]
        lengths = np.sqrt(np.bincount(rows, values**2, minlength=len(column)))
        bag = np.zeros((len(column), self.width), np.float32)
        bag[rows, places] = values / lengths[rows]
        return bag
