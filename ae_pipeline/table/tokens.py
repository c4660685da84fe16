"""Tokens and targets of some rows ↔ symbols."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from constriction import stream
from jaxtyping import Int32, Int64

from ae_pipeline.table.ans import SymbolReader, SymbolWriter
from ae_pipeline.table.bins import BinTables
from ae_pipeline.table.frequencies import symbol_model
from ae_pipeline.table.model import SubColumnModel

Coded = Int64[np.ndarray, "coded"]
Tokens = Int32[np.ndarray, "coded"]
#: Places of each leaf or token.
Places = list[Int64[np.ndarray, "_"]]


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

    def write(
        self, writer: SymbolWriter, leaves: Places, tokens: Tokens, targets: Coded
    ) -> Int64[np.ndarray, "escaped"]:
        """Write some rows; return the targets that are escaped.

        Args:
            writer: gets the symbols.
            leaves: places of the rows of each leaf.
            tokens: of the rows.
            targets: of the rows; those of guessed rows do not matter.
        """
        for leaf, places in enumerate(leaves):
            if len(places) and self._n_tokens > 1:
                writer.put(tokens[places], self._model(leaf))
        *by_bin, escaped = self._by_token(tokens)[self.n_guesses :]
        for number, places in enumerate(by_bin):
            if len(places):
                self.bins.write(writer, number, targets[places])
        return targets[escaped]

    def read_tokens(self, reader: SymbolReader, leaves: Places) -> Places:
        """Return the places of the rows of each token."""
        tokens = np.zeros(sum(map(len, leaves)), np.int32)
        for leaf, places in enumerate(leaves):
            if len(places) and self._n_tokens > 1:
                tokens[places] = reader.take(len(places), self._model(leaf))
        return self._by_token(tokens)

    def read_targets(self, reader: SymbolReader, by_token: Places) -> Coded:
        """Return the targets of the same rows; 0 of those guessed or escaped."""
        targets = np.zeros(sum(map(len, by_token)), np.int64)
        for number, places in enumerate(by_token[self.n_guesses : -1]):
            if len(places):
                targets[places] = self.bins.read(reader, number, len(places))
        return targets

    @cached_property
    def _n_tokens(self) -> int:
        return self.n_guesses + self.bins.n_bins + 1

    def _model(self, leaf: int) -> stream.model.Categorical:
        if leaf not in self._models:
            self._models[leaf] = symbol_model(self._codes[leaf])
        return self._models[leaf]

    def _by_token(self, tokens: Tokens) -> Places:
        """Return the places of each token, ascending."""
        # Integers of 16 bits are sorted in linear time.
        order = np.argsort(tokens.astype(np.uint16), kind="stable")
        counts = np.bincount(tokens, minlength=self._n_tokens)
        return np.split(order, np.cumsum(counts)[:-1])
