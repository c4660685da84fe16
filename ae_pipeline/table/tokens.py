"""Tokens and targets of some rows ↔ symbols."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TypeAlias

import numpy as np
from constriction import stream
from jaxtyping import Int32, Int64

from ae_pipeline.coding.symbols.ans import SymbolReader, SymbolWriter
from ae_pipeline.coding.symbols.frequencies import symbol_model
from ae_pipeline.table.bins import BinTables
from ae_pipeline.table.model import SubColumnModel

Coded = Int64[np.ndarray, "coded"]
Tokens = Int32[np.ndarray, "coded"]
#: Numbers of leaves or tokens that have rows, ascending, and the places of those rows.
Groups: TypeAlias = list[tuple[int, Int64[np.ndarray, "_"]]]


class TokenCoder:
    """Writes and reads tokens of a model; holds what it makes anew for no block.

    Args:
        model: of a sub-column.
    """

    def __init__(self, model: SubColumnModel) -> None:
        self.bins = BinTables(model.bins)
        self.n_guesses = len(model.guesses)
        self._codes = model.codes
        self._models: dict[int, stream.model.Categorical] = {}

    @cached_property
    def escape(self) -> int:
        """The token of escaped rows, the last one."""
        return self.n_guesses + self.bins.n_bins

    def write(self, writer: SymbolWriter, leaves: Groups, tokens: Tokens, targets: Coded) -> None:
        """Write some rows.

        Args:
            writer: gets the symbols.
            leaves: places of the rows of each leaf.
            tokens: of the rows.
            targets: of the rows; those of guessed and escaped rows do not matter.
        """
        if self.escape:
            for leaf, places in leaves:
                writer.put(tokens[places], self._model(leaf))
        for number, places in self._binned(tokens):
            self.bins.write(writer, number, targets[places])

    def read(self, reader: SymbolReader, leaves: Groups, n_rows: int) -> tuple[Tokens, Coded]:
        """Return tokens and targets of the same rows; 0 as targets of those guessed or escaped."""
        tokens, targets = np.zeros(n_rows, np.int32), np.zeros(n_rows, np.int64)
        if self.escape:
            for leaf, places in leaves:
                tokens[places] = reader.take(len(places), self._model(leaf))
        for number, places in self._binned(tokens):
            targets[places] = self.bins.read(reader, number, len(places))
        return tokens, targets

    def _model(self, leaf: int) -> stream.model.Categorical:
        if leaf not in self._models:
            self._models[leaf] = symbol_model(self._codes[leaf])
        return self._models[leaf]

    def _binned(self, tokens: Tokens) -> Iterable[tuple[int, Int64[np.ndarray, "_"]]]:
        """Return the numbers of bins that have rows, and the places of these."""
        for token, places in grouped(tokens, self.escape + 1):
            if self.n_guesses <= token < self.escape:
                yield token - self.n_guesses, places


def grouped(numbers: Int32[np.ndarray, "coded"], n_groups: int) -> Groups:
    """Return the places of each number that there is, ascending.

    Args:
        numbers: from 0 to `n_groups - 1`.
        n_groups: at most 2^16.
    """
    # Integers of 16 bits are sorted in linear time.
    order = np.argsort(numbers.astype(np.uint16), kind="stable")
    counts = np.bincount(numbers, minlength=n_groups)
    found = np.flatnonzero(counts)
    groups, start = [], 0
    for number, count in zip(found.tolist(), counts[found].tolist(), strict=True):
        groups.append((number, order[start : start + count]))
        start += count
    return groups
