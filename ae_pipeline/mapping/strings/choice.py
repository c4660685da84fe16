"""Choose how the strings of a column become integers, by the bytes of a sample."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.coding.entropy import pack_integers
from ae_pipeline.mapping.strings.byte_rows import BINARY
from ae_pipeline.mapping.strings.shape_search import find_shapes
from ae_pipeline.mapping.strings.shapes import Shapes
from ae_pipeline.mapping.strings.spelled import Spelled
from ae_pipeline.mapping.strings.text import first_bytes, fit_text
from ae_pipeline.mapping.strings.texts import Dictionary, pack_texts
from ae_pipeline.mapping.strings.words import estimate_words, fit_words
from ae_pipeline.mapping.subcolumn import Integers

#: Rows and bytes that are weighed; strings in which shapes are sought.
_MOST_ROWS, _MOST_BYTES, _MOST_SEARCHED = 1 << 17, 1 << 23, 1 << 13
#: Rows of text that are weighed together.
_PIECE = 1 << 13
#: Fewer words than this part of the rows repeat so often that other columns foretell them.
_FEW_WORDS = 1 / 16
_SURELY_WORDS = 256


def fit_strings(column: str, sample: pa.Array, share: float) -> Spelled:
    """Return the mapping of a column of type `BINARY` that takes the fewest bytes.

    Args:
        column: name of the column.
        sample: some of its values.
        share: rows of the archive per row of the sample.
    """
    has_nulls = sample.null_count > 0
    present = sample.drop_null() if has_nulls else sample
    words = fit_words(column, present, share, has_nulls)
    weighed = first_bytes(present[:_MOST_ROWS], _MOST_BYTES)
    n_distinct = weighed.dictionary_encode().dictionary
    if len(n_distinct) <= min(_SURELY_WORDS, _FEW_WORDS * len(weighed)):
        return words
    n_bytes = share * len(present) / max(len(weighed), 1)
    candidates: list[tuple[float, Spelled]] = [
        (estimate_words(words, weighed, n_bytes) * _bonus(n_distinct, weighed), words)
    ]
    shapes = _fit_shapes(column, weighed, has_nulls)
    if shapes is not None:
        candidates.append((_estimate_shapes(shapes, weighed), shapes))
    best = min(candidates, key=lambda one: one[0])
    text = fit_text(column, present, share, has_nulls)
    n_text = _text_bytes(weighed, text.trained) + len(text.packed) / n_bytes
    return text if n_text < best[0] else best[1]


def _text_bytes(weighed: pa.Array, trained: Dictionary | None) -> int:
    """Weigh texts by pieces: what one file repeats of another is no help where files are apart."""
    pieces = (weighed[at : at + _PIECE] for at in range(0, len(weighed), _PIECE))
    return sum(len(pack_texts(piece, trained)) for piece in pieces)


def _bonus(distinct: pa.Array, weighed: pa.Array) -> float:
    """Return what part of its own bytes a column of words is expected to take beside others."""
    return 0.8 if len(distinct) <= _FEW_WORDS * len(weighed) else 1.0


def _fit_shapes(column: str, present: pa.Array, has_nulls: bool) -> Shapes | None:
    # At random: rows at equal distances may all be of one shape.
    rows = np.random.default_rng(0).permutation(len(present))[:_MOST_SEARCHED]
    strings = present.take(pa.array(np.sort(rows))).to_pylist()
    shapes = find_shapes(strings)
    return Shapes(column, BINARY, has_nulls, shapes) if shapes else None


def _estimate_shapes(mapping: Shapes, present: pa.Array) -> float:
    integers, others = mapping.divide(present)
    names = [one.name for one in mapping.own]
    shape = integers[names[0]]
    n_bytes = float(len(pack_texts(others))) + _bytes(shape)
    for one in mapping.own[1:]:
        n_bytes += _bytes(integers[one.name][np.isin(shape, one.allowed)])
    return n_bytes


def _bytes(integers: Integers) -> float:
    """Estimate the bytes of integers: by frequencies if there are few, or as a stream."""
    stream = float(len(pack_integers(integers)))
    counts = np.unique(integers, return_counts=True)[1]
    if len(counts) * 8 > len(integers):
        return stream
    return min(stream, -float((counts * np.log2(counts / len(integers))).sum()) / 8 + len(counts))
