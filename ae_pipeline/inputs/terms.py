"""Texts to terms: words in lower case, and how long words begin.

Arrow does all of it, for many texts at once. A term is a run of letters, a run of digits or any
other character but spaces. Words of five characters or more have a second term, their first three
characters and `*`: it is the same for *win*, *winner* and *winning*. Characters of scripts that
write no spaces are terms one by one.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int64

from ae_pipeline.inputs.category import decoded

#: Characters of a text that are looked at; a book is about what it begins with.
_MOST_CHARACTERS = 1 << 16
_LONG = 5
_BEGINNING = 3
_ALONE = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
_RUN = r"(\p{L}[\p{L}\p{M}]*|\p{N}+|[^\s\p{L}\p{N}])"


def find_terms(texts: pa.Array) -> tuple[Int64[np.ndarray, "terms"], pa.Array]:
    """Return the row of each term, and the terms, as strings.

    Args:
        texts: strings, or a dictionary of them. Null has no terms; bytes that are not UTF-8 count
            as U+FFFD.
    """
    start = pc.utf8_slice_codeunits(_readable(decoded(texts)), 0, _MOST_CHARACTERS)
    lower = pc.utf8_lower(start.cast(pa.string()))
    parted = pc.replace_substring_regex(lower, _ALONE, r" \1 ")
    words = pc.utf8_split_whitespace(pc.replace_substring_regex(parted, _RUN, r"\1 "))
    rows, found = pc.list_parent_indices(words), pc.list_flatten(words)
    is_word = pc.not_equal(found, "")
    rows, found = rows.filter(is_word), found.filter(is_word)
    is_long = pc.greater_equal(pc.utf8_length(found), _LONG)
    beginnings = pc.utf8_slice_codeunits(found.filter(is_long), 0, _BEGINNING)
    marked = pc.binary_join_element_wise(beginnings, "*", "")
    both = np.concatenate([rows.to_numpy(), rows.filter(is_long).to_numpy()])
    return both.astype(np.int64), pa.concat_arrays([found, marked])


def is_telling(terms: pa.Array) -> pa.Array:
    """Whether terms are words that tell text from codes: letters, three at least, or ideograms."""
    return pc.match_substring_regex(terms, rf"^\p{{L}}[\p{{L}}\p{{M}}]{{2,}}$|^{_ALONE}$")


def _readable(texts: pa.Array) -> pa.Array:
    """Return texts of valid UTF-8; files may hold others under the name of strings."""
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        raw = texts.view(pa.large_binary() if texts.type == pa.large_string() else pa.binary())
        return pa.array(
            [None if one is None else one.decode(errors="replace") for one in raw.to_pylist()],
            pa.large_string(),
        )
    return texts
