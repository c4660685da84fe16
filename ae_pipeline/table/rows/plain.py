"""Rows ↔ symbols with numpy: leaf by leaf, level by level."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.compiled import doing_without
from ae_pipeline.table.between.level_coder import EscapeReader, LevelCoder
from ae_pipeline.table.known import KnownRows
from ae_pipeline.table.model import Hierarchy, SubColumnModel
from ae_pipeline.table.targets import CodingOrder
from ae_pipeline.table.tokens import Coded, TokenCoder, Tokens
from ae_pipeline.table.trees import TreeWalk, leaf_places


class PlainRows:
    """Writes and reads the rows of blocks.

    Args:
        model: of the sub-column.
        tokens: coder of the model.
    """

    def __init__(self, model: SubColumnModel, tokens: TokenCoder) -> None:
        self._model, self._tokens, self._walk = model, tokens, TreeWalk(model.tree)

    def write(
        self, known: KnownRows, order: CodingOrder, labels: Coded, tokens: Tokens, targets: Coded
    ) -> bytes:
        """Return the symbols of all rows.

        Args:
            known: sub-columns before the one that is coded.
            order: of its rows.
            labels: integers in coding order, relabelled; only a hierarchy looks at them.
            tokens: in coding order.
            targets: in coding order.
        """
        writer = SymbolWriter()
        with doing_without():
            if self._model.hierarchy is not None:
                levels = self._levels(self._model.hierarchy, known, order)
                levels.write(writer, labels, tokens, targets)
            else:
                leaves = leaf_places(self._model.tree, known, order.rows)
                self._tokens.write(writer, _with_rows(leaves), tokens, targets)
            return writer.to_bytes()

    def read(self, symbols: bytes, known: KnownRows, order: CodingOrder) -> tuple[Tokens, Coded]:
        """Invert `write` of a model without a hierarchy; targets that no bin holds are 0.

        Raises:
            ValueError: these are not the symbols of such rows.
        """
        reader = SymbolReader(symbols)
        with doing_without():
            leaves = leaf_places(self._model.tree, known, order.rows)
            tokens, targets = self._tokens.read(reader, _with_rows(leaves), len(order.rows))
        reader.finish()
        return tokens, targets

    def read_levels(
        self, symbols: bytes, escapes: EscapeReader, known: KnownRows, order: CodingOrder
    ) -> Coded:
        """Invert `write` of a model with a hierarchy; return the labels.

        Raises:
            ValueError: these are not the symbols of such rows.
        """
        if self._model.hierarchy is None:
            raise ValueError("levels without a hierarchy")
        reader = SymbolReader(symbols)
        with doing_without():
            labels = self._levels(self._model.hierarchy, known, order).read(reader, escapes)
        reader.finish()
        return labels

    def _levels(self, hierarchy: Hierarchy, known: KnownRows, order: CodingOrder) -> LevelCoder:
        return LevelCoder(self._model, hierarchy, self._tokens, self._walk, known, order)


def _with_rows(
    leaves: list[Int64[np.ndarray, "_"]],
) -> list[tuple[int, Int64[np.ndarray, "_"]]]:
    return [(leaf, places) for leaf, places in enumerate(leaves) if len(places)]
