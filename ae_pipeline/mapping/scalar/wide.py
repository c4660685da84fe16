"""Decimals of more than 64 bits as limbs of 48 bits, so that sums stay sums limb by limb."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar  # Any: JSON trees

import numpy as np
import pyarrow as pa
from jaxtyping import Int64
from pyarrow import types

from ae_pipeline.mapping.base import Mapping
from ae_pipeline.mapping.checked import boolean_of
from ae_pipeline.mapping.exceptions import Rows
from ae_pipeline.mapping.leaf import Leaf
from ae_pipeline.mapping.raw import from_words, to_words
from ae_pipeline.mapping.subcolumn import Integers, SubColumn

_WORD, _BITS = 64, 48
_MASK = (1 << _BITS) - 1

Words = Int64[np.ndarray, "rows words"]


@dataclass(frozen=True)
class WideMapping(Leaf):
    """A value is three or six limbs: its unscaled integer in two's complement, in base 2^48.

    Sub-columns are `NAME/0` for the lowest limb and so on; the highest one has the sign. It comes
    first, because it says most of what a value is. The others are positions in a cycle: the limbs
    of two summands add up to that of their sum, but for what is carried.
    """

    kind: ClassVar[str] = "wide"

    @property
    def own(self) -> tuple[SubColumn, ...]:
        """Limbs, the highest first."""
        places, top = self.type.scale, _n_limbs(self.type) - 1
        return tuple(
            SubColumn(
                name=self._name(number),
                column=self.column,
                role="number",
                places=places,
                period=0 if number == top else 1 << _BITS,
            )
            for number in range(top, -1, -1)
        )

    def to_integers(self, present: pa.Array) -> tuple[dict[str, Integers], Rows | None]:
        """Take the limbs of each value; there are no exceptions."""
        limbs = _limbs_of(to_words(present), _n_limbs(self.type))
        return {self._name(number): limb for number, limb in enumerate(limbs)}, None

    def from_integers(self, integers: Dictionary[str, Integers]) -> pa.Array:
        """Invert `to_integers`; ValueError if a limb is out of range.

        Values of more digits than the type has come back, too: files may hold them.
        """
        limbs = [integers[self._name(number)] for number in range(_n_limbs(self.type))]
        return from_words(_words_of(limbs, self.type.bit_width // _WORD), self.type)

    def _name(self, number: int) -> str:
        return f"{self.column}/{number}"


def fit_wide(column: str, sample: pa.Array) -> Mapping:
    """Fit the mapping of decimals of 128 or 256 bits."""
    return WideMapping(column, sample.type, sample.null_count > 0)


def wide_of_json(
    tree: Dictionary[str, Any], column: str, kind: pa.DataType, tables: Sequence[bytes]
) -> Mapping:
    """Read a `WideMapping`; ValueError, KeyError or TypeError if damaged."""
    if not types.is_decimal(kind) or kind.bit_width <= 64:
        raise ValueError(f"no limbs in a column of type {kind}")
    return WideMapping(column, kind, boolean_of(tree, "has_nulls"))


def _n_limbs(kind: pa.DataType) -> int:
    return -(-int(kind.bit_width) // _BITS)


def _limbs_of(words: Words, n_limbs: int) -> list[Integers]:
    """Cut words into limbs, lowest first; the highest keeps the sign."""
    unsigned = words.view(np.uint64)
    limbs = []
    for number in range(n_limbs - 1):
        place, shift = divmod(number * _BITS, _WORD)
        limb = unsigned[:, place] >> np.uint64(shift)
        if shift + _BITS > _WORD:
            limb = limb | unsigned[:, place + 1] << np.uint64(_WORD - shift)
        limbs.append((limb & np.uint64(_MASK)).astype(np.int64))
    n_left = words.shape[1] * _WORD - (n_limbs - 1) * _BITS
    return [*limbs, words[:, -1] >> (_WORD - n_left)]


def _words_of(limbs: Sequence[Integers], n_words: int) -> Words:
    """Invert `_limbs_of`; ValueError if a limb is out of range."""
    n_left = n_words * _WORD - (len(limbs) - 1) * _BITS
    lows, half = limbs[:-1], 1 << (n_left - 1)
    if any(len(one) and (one.min() < 0 or one.max() > _MASK) for one in lows):
        raise ValueError("a limb is out of range")
    if len(limbs[-1]) and (limbs[-1].min() < -half or limbs[-1].max() >= half):
        raise ValueError("the highest limb is out of range")
    words = np.zeros((len(limbs[0]), n_words), np.uint64)
    for number, limb in enumerate(limbs):
        place, shift = divmod(number * _BITS, _WORD)
        bits = limb.view(np.uint64)
        words[:, place] |= bits << np.uint64(shift)
        if shift + _BITS > _WORD and place + 1 < n_words:
            words[:, place + 1] |= bits >> np.uint64(_WORD - shift)
    return words.view(np.int64)
