"""Which terms of a column a network sees, counted in bounded memory, and whether it is text."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa

from ae_pipeline.inputs.terms import find_terms, is_telling
from ae_pipeline.inputs.text import Text

#: Terms of one column that a network sees. On sms_spam, 500 and 2,000 find spam as well.
_MOST_TERMS = 1000
#: Texts with a term that a network can learn from.
_LEAST_TEXTS = 10
#: Terms counted; the rarest are forgotten beyond that.
_MOST_COUNTED = 1 << 18
#: Words of the vocabulary that a text has on average, at least; identifiers have fewer.
_LEAST_WORDS = 2.0
#: A word in so many texts is a form that all values share, such as `https`.
_COMMON = 0.9
_DIGITS = 4


class TermCounts:
    """In how many texts each term occurs."""

    def __init__(self) -> None:
        self.n_texts = 0
        self._counts: Counter[str] = Counter()

    def add(self, texts: pa.Array) -> None:
        """Count the terms of some rows; null is no text."""
        self.n_texts += len(texts) - texts.null_count
        rows, terms = find_terms(texts)
        coded = terms.dictionary_encode()
        n_terms = len(coded.dictionary)
        codes = coded.indices.to_numpy().astype(np.int64)
        once = np.unique(rows * max(n_terms, 1) + codes) % max(n_terms, 1)
        numbers = np.bincount(once, minlength=n_terms).tolist()
        self._counts.update(dict(zip(coded.dictionary.to_pylist(), numbers, strict=True)))
        if len(self._counts) > 2 * _MOST_COUNTED:
            self._counts = Counter(dict(self._counts.most_common(_MOST_COUNTED)))

    def text(self) -> Text | None:
        """Return what a network sees of the column; None if its words do not repeat."""
        least = min(_LEAST_TEXTS, max(2, self.n_texts // 1000))
        frequent = [pair for pair in self._counts.items() if pair[1] >= least]
        chosen = sorted(frequent, key=lambda pair: (-pair[1], pair[0]))[:_MOST_TERMS]
        if not chosen or self._words_per_text(chosen) < _LEAST_WORDS:
            return None
        terms, numbers = zip(*chosen, strict=True)
        rarity = np.log((1 + self.n_texts) / (1 + np.array(numbers))) + 1
        return Text(terms, tuple(rarity.round(_DIGITS).tolist()))

    def _words_per_text(self, chosen: list[tuple[str, int]]) -> float:
        """Return how many words a text has on average, of those that not all of them have."""
        is_word = is_telling(pa.array([term for term, _ in chosen], pa.string())).to_pylist()
        most = _COMMON * self.n_texts
        pairs = zip(chosen, is_word, strict=True)
        return sum(n for (_, n), told in pairs if told and n <= most) / self.n_texts
