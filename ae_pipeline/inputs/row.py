"""Rows as a network sees them: numbers standardised, categories one of many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float32, Float64

from ae_pipeline.blocks.block import Block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.columns import Standardization
from ae_pipeline.inputs.category import Category


@dataclass(frozen=True)
class RowInputs:
    """Inputs of a network: first the lanes that are numbers, then the categories, in lane order.

    Args:
        standardization: of every lane; a lane of categories has scale 0 and centre NaN.
        categories: by the number of their lane.
    """

    standardization: Standardization
    categories: Mapping[int, Category] = field(default_factory=dict)

    @property
    def n_numbers(self) -> int:
        """Inputs that are numbers."""
        return self.standardization.n_inputs

    @property
    def n_inputs(self) -> int:
        """Inputs of the network, and its outputs."""
        return self.n_numbers + sum(one.width for one in self.categories.values())

    @cached_property
    def spans(self) -> Mapping[int, slice]:
        """Inputs of each lane of categories."""
        found, start = {}, self.n_numbers
        for lane in sorted(self.categories):
            found[lane] = slice(start, start + self.categories[lane].width)
            start = found[lane].stop
        return found

    @property
    def category_spans(self) -> list[tuple[Category, slice]]:
        """Each column of categories, and its inputs."""
        return [(self.categories[lane], span) for lane, span in self.spans.items()]

    def to_matrix(self, block: Block) -> Float32[np.ndarray, "rows inputs"]:
        """Return inputs; NaN where a value is missing or unknown."""
        numbers = block_to_matrix(block, self.standardization)
        if not self.categories:
            return numbers
        matrix = np.empty((block.n_rows, self.n_inputs), np.float32)
        matrix[:, : self.n_numbers] = numbers
        for lane, span in self.spans.items():
            matrix[:, span] = self.categories[lane].expand(block.values[lane])
        return matrix

    def to_values(
        self, matrix: Float32[np.ndarray, "rows inputs"]
    ) -> Float64[np.ndarray, "lanes rows"]:
        """Invert `to_matrix`: numbers in source units, and the number of each category."""
        values = matrix_to_values(matrix[:, : self.n_numbers], self.standardization)
        for lane, span in self.spans.items():
            values[lane] = self.categories[lane].collapse(matrix[:, span])
        return values
