"""Integers in classes of what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ae_pipeline.coding import pack_contexts, pack_integers, unpack_contexts, varint
from ae_pipeline.coding.contexts import MOST_THRESHOLDS

FAR = 1 << 56


def two_kinds(n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Hints, and values that are 0 wherever the hint is not above 0."""
    generator = np.random.default_rng(0)
    hints = generator.integers(-100, 100, n_values)
    return generator.integers(-50, 50, n_values) * (hints > 0), hints


def forged(*header: int, streams: bytes = b"") -> bytes:
    """A stream with this header."""
    return b"".join(map(varint, header)) + streams


@given(st.data(), st.integers(0, 400), st.integers(0, 62), st.integers(1, FAR))
def test_round_trip(data: st.DataObject, n_values: int, bits: int, spread: int) -> None:
    """Whatever values and hints are, what is packed is unpacked."""
    sign = data.draw(st.sampled_from([-1, 1]))
    values = data.draw(npst.arrays(np.int64, n_values, elements=st.integers(0, 1 << bits)))
    hints = sign * data.draw(npst.arrays(np.int64, n_values, elements=st.integers(0, spread)))
    content = pack_contexts(
        values * (hints > hints.mean() if n_values else 1), hints, 100 * n_values
    )
    if content is not None:
        found = unpack_contexts(content, hints)
        assert found.tolist() == (values * (hints > hints.mean())).tolist()


@pytest.mark.parametrize("n_values", [500, 5_000, 100_000])
def test_classes_save_what_the_hint_tells(n_values: int) -> None:
    """Values that half of the hints say are 0 take half the bytes, and little for the classes."""
    values, hints = two_kinds(n_values)
    content = pack_contexts(values, hints, len(pack_integers(values)))
    assert content is not None
    assert unpack_contexts(content, hints).tolist() == values.tolist()
    told = len(pack_integers(values[hints > 0]))
    assert told < len(content) < 1.1 * told + 50
    assert len(content) < 0.85 * len(pack_integers(values))


@pytest.mark.parametrize("hints", [np.zeros(1000, np.int64), np.arange(1000) % 7, np.arange(1000)])
def test_hints_that_tell_nothing(hints: np.ndarray) -> None:
    """One class is no class: nothing is packed where it would not pay."""
    values = np.random.default_rng(0).integers(-3, 4, 1000)
    assert pack_contexts(values, hints, len(pack_integers(values))) is None


@pytest.mark.parametrize("n_values", [0, 1])
def test_few_values(n_values: int) -> None:
    """One value or none has one class."""
    values, hints = two_kinds(n_values)
    assert pack_contexts(values, hints, len(pack_integers(values))) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        forged(0),
        forged(MOST_THRESHOLDS + 1),
        forged(1),
        forged(1, 0),
        forged(1, 0, 2, 2),
        forged(1, 0, 2, 2, streams=b"\0\1\0"),
        forged(1, 0, 2, 2, streams=b"\0\1\0\1\0"),
        forged(1, 0, 0, 2, streams=b"\0\1"),
        forged(2, 0, (1 << 63) - 1, 2, 2, 2, streams=b"\0\1\0\1"),
    ],
)
def test_damaged(content: bytes) -> None:
    """Classes that are too many, end early, or have too few or too many bytes are refused."""
    with pytest.raises(ValueError, match=r"\w"):
        unpack_contexts(content, np.array([-1, 1, 2, -5]))
