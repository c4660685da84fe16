"""Rows as a network sees them: numbers standardised, cycles, categories, and bags of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Float64

from ae_pipeline.blocks.block import Block
from ae_pipeline.blocks.matrix import block_to_matrix, matrix_to_values
from ae_pipeline.columns import Standardization
from ae_pipeline.inputs.category import Category
from ae_pipeline.inputs.cycles import WIDTH, Cycle
from ae_pipeline.inputs.text import Text

#: Weight of all cycles of a column, of 1 for its position: on nyc_weather less lets the other
#: columns lose, on nyc_flights more does.
_CYCLES_WEIGHT = 0.1


@dataclass(frozen=True)
class RowInputs:
    """Inputs of a network: numbers, cycles, categories, each in lane order, then texts.

    Args:
        standardization: of every lane; a lane of categories has scale 0 and centre NaN.
        categories: by the number of their lane.
        cycles: of points in time, by the number of their lane.
        vectors: lanes of each column of vectors.
        texts: by the name of their column, in the order of their inputs.
    """

    standardization: Standardization
    categories: Mapping[int, Category] = field(default_factory=dict)
    cycles: Mapping[int, tuple[Cycle, ...]] = field(default_factory=dict)
    vectors: tuple[range, ...] = ()
    texts: Mapping[str, Text] = field(default_factory=dict)

    @property
    def n_numbers(self) -> int:
        """Inputs that are numbers."""
        return self.standardization.n_inputs

    @cached_property
    def n_measured(self) -> int:
        """Inputs that have errors: numbers and cycles."""
        return self.n_numbers + WIDTH * sum(map(len, self.cycles.values()))

    @cached_property
    def n_lane_inputs(self) -> int:
        """Inputs that come from lanes, and whose outputs go back there."""
        return self.n_measured + sum(one.width for one in self.categories.values())

    @property
    def n_inputs(self) -> int:
        """Inputs of the network, and its outputs."""
        return self.n_lane_inputs + sum(one.width for one in self.texts.values())

    @cached_property
    def spans(self) -> Mapping[int, slice]:
        """Inputs of each lane of categories."""
        return _spans(
            {lane: one.width for lane, one in self.categories.items()}, start=self.n_measured
        )

    @cached_property
    def cycle_spans(self) -> Mapping[int, slice]:
        """Inputs of the cycles of each lane that has any."""
        widths = {lane: WIDTH * len(own) for lane, own in self.cycles.items()}
        return _spans(widths, start=self.n_numbers)

    @cached_property
    def number_places(self) -> Mapping[int, int]:
        """Input of each lane that is a number."""
        chosen = np.flatnonzero(~self.standardization.is_constant).tolist()
        return {lane: place for place, lane in enumerate(chosen)}

    @property
    def category_spans(self) -> list[tuple[Category, slice]]:
        """Each column of categories, and its inputs."""
        return [(self.categories[lane], span) for lane, span in self.spans.items()]

    @cached_property
    def weights(self) -> Float32[np.ndarray, "measured"]:
        """Weight of each input's error: a vector counts as the root of its lanes."""
        weights = np.ones(self.n_measured, np.float32)
        for lanes in self.vectors:
            own = [self.number_places[lane] for lane in lanes if lane in self.number_places]
            weights[own] = max(len(own), 1) ** -0.5
        for span in self.cycle_spans.values():
            weights[span] = _CYCLES_WEIGHT / (span.stop - span.start)
        return weights

    @property
    def text_spans(self) -> list[slice]:
        """Inputs of each column of text."""
        found, start = [], self.n_lane_inputs
        for text in self.texts.values():
            found.append(slice(start, start + text.width))
            start += text.width
        return found

    def bags(self, records: pa.RecordBatch) -> Float32[np.ndarray, "rows terms"] | None:
        """Return the inputs of all columns of text, None without any."""
        if not self.texts:
            return None
        parts = [text.expand(records.column(name)) for name, text in self.texts.items()]
        return np.concatenate(parts, axis=1)

    def to_matrix(
        self, block: Block, bags: Float32[np.ndarray, "rows terms"] | None = None
    ) -> Float32[np.ndarray, "rows inputs"]:
        """Return inputs; NaN where a value is missing or unknown.

        Args:
            block: lanes.
            bags: of the same rows; None for rows without terms.
        """
        numbers = block_to_matrix(block, self.standardization)
        if not self.categories and not self.cycles and not self.texts:
            return numbers
        matrix = np.empty((block.n_rows, self.n_inputs), np.float32)
        matrix[:, : self.n_numbers] = numbers
        for lane, span in self.cycle_spans.items():
            parts = [cycle.expand(block.values[lane]) for cycle in self.cycles[lane]]
            matrix[:, span] = np.concatenate(parts, axis=1)
        for lane, span in self.spans.items():
            matrix[:, span] = self.categories[lane].expand(block.values[lane])
        matrix[:, self.n_lane_inputs :] = 0.0 if bags is None else bags
        return matrix

    def to_values(
        self, matrix: Float32[np.ndarray, "rows outputs"]
    ) -> Float64[np.ndarray, "lanes rows"]:
        """Invert `to_matrix`: numbers in source units, and the number of each category.

        Args:
            matrix: outputs of the network; those of texts are not needed.
        """
        values = matrix_to_values(matrix[:, : self.n_numbers], self.standardization)
        for lane, span in self.spans.items():
            values[lane] = self.categories[lane].collapse(matrix[:, span])
        return values


def _spans(widths: Mapping[int, int], start: int) -> dict[int, slice]:
    found = {}
    for lane in sorted(widths):
        found[lane] = slice(start, start + widths[lane])
        start = found[lane].stop
    return found
