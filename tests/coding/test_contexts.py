"""Context coding: what is packed is unpacked, and contexts pay or are left out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ae_pipeline.coding import pack_contexts, pack_integers, unpack_contexts, varint
from ae_pipeline.coding.contexts import MOST_THRESHOLDS
from ae_pipeline.compiled import has_kernels

FAR = 1 << 56


def two_kinds(n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values that are 0 where their context value is not above 0, and those."""
    generator = np.random.default_rng(0)
    contexts = generator.integers(-100, 100, n_values)
    return generator.integers(-50, 50, n_values) * (contexts > 0), contexts


def forged(*header: int, streams: bytes = b"") -> bytes:
    """A stream with this header."""
    return b"".join(map(varint, header)) + streams


@given(st.data(), st.integers(0, 400), st.integers(0, 62), st.integers(1, FAR))
def test_round_trip(data: st.DataObject, n_values: int, bits: int, spread: int) -> None:
    """Whatever values and context values are, what is packed is unpacked."""
    sign = data.draw(st.sampled_from([-1, 1]))
    values = data.draw(npst.arrays(np.int64, n_values, elements=st.integers(0, 1 << bits)))
    contexts = sign * data.draw(npst.arrays(np.int64, n_values, elements=st.integers(0, spread)))
    content = pack_contexts(
        values * (contexts > contexts.mean() if n_values else 1), contexts, 100 * n_values
    )
    if content is not None:
        found = unpack_contexts(content, contexts)
        assert found.tolist() == (values * (contexts > contexts.mean())).tolist()


@pytest.mark.skipif(not has_kernels(), reason="Numba is not installed")
@pytest.mark.parametrize("n_values", [1, 50, 1024, 1025, 9_000])
@pytest.mark.parametrize("spread", [1, 100, FAR])
def test_kernels_do_not_matter(n_values: int, spread: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels pack the bytes that numpy packs, and each unpacks what the other packed."""
    generator = np.random.default_rng(n_values)
    contexts = generator.integers(-spread, spread, n_values)
    values = generator.integers(-50, 50, n_values) * (contexts > 0)
    packed = []
    for seconds in (0.0, 100.0):
        monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", seconds)
        packed.append(pack_contexts(values, contexts, 100 * n_values + 100))
        if packed[0] is not None:
            assert unpack_contexts(packed[0], contexts).tolist() == values.tolist()
    assert packed[0] == packed[1]


def test_quick_contexts_are_unpacked_alike() -> None:
    """Contexts that were packed without a search for patterns hold the same values."""
    values, contexts = two_kinds(5000)
    content = pack_contexts(values, contexts, len(pack_integers(values)), is_quick=True)
    assert content is not None
    assert unpack_contexts(content, contexts).tolist() == values.tolist()


@pytest.mark.parametrize("n_values", [500, 5_000, 100_000])
def test_contexts_save_what_they_tell(n_values: int) -> None:
    """Values of which half are 0 by context take half the bytes, and little for the contexts."""
    values, contexts = two_kinds(n_values)
    content = pack_contexts(values, contexts, len(pack_integers(values)))
    assert content is not None
    assert unpack_contexts(content, contexts).tolist() == values.tolist()
    told = len(pack_integers(values[contexts > 0]))
    assert told < len(content) < 1.1 * told + 50
    assert len(content) < 0.85 * len(pack_integers(values))


@pytest.mark.parametrize(
    "contexts", [np.zeros(1000, np.int64), np.arange(1000) % 7, np.arange(1000)]
)
def test_contexts_that_tell_nothing(contexts: np.ndarray) -> None:
    """Nothing is packed by context where that would not pay."""
    values = np.random.default_rng(0).integers(-3, 4, 1000)
    assert pack_contexts(values, contexts, len(pack_integers(values))) is None


@pytest.mark.parametrize("n_values", [0, 1])
def test_few_values(n_values: int) -> None:
    """One value or none has no use for contexts."""
    values, contexts = two_kinds(n_values)
    assert pack_contexts(values, contexts, len(pack_integers(values))) is None


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
    """Contexts that are too many, end early, or have too few or too many bytes are refused."""
    with pytest.raises(ValueError, match=r"\w"):
        unpack_contexts(content, np.array([-1, 1, 2, -5]))
