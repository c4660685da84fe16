"""Weights as bytes: every array comes back, and nothing that is not one is read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ae_pipeline.codec.arrays_file import pack_arrays, unpack_arrays

KINDS = [np.dtype(kind) for kind in ("i1", "<i2", "<i4", "<f4")]
ARRAYS = st.lists(
    st.sampled_from(KINDS).flatmap(
        lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=1, max_dims=2, min_side=0))
    ),
    max_size=4,
)


def named(arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays a0, a1, ..."""
    return {f"a{number}": array for number, array in enumerate(arrays)}


@given(ARRAYS)
def test_round_trip(arrays: list[np.ndarray]) -> None:
    """Integers and floats of any shape come back bit for bit."""
    layout = {name: (array.dtype, array.shape) for name, array in named(arrays).items()}
    for name, array in unpack_arrays(pack_arrays(named(arrays)), layout).items():
        assert array.dtype == layout[name][0]
        assert array.tobytes() == named(arrays)[name].tobytes()


def test_what_is_no_model_is_refused() -> None:
    """Truncated, longer, narrower and absurdly large layouts end in a ValueError."""
    content = pack_arrays({"a": np.arange(300, dtype=np.int16) ** 2 % 251})
    good = {"a": (np.dtype("<i2"), (300,))}
    for broken, layout in (
        (content[:-1], good),
        (content + b"\0", good),
        (b"", good),
        (content, {"a": (np.dtype("i1"), (300,))}),
        (content, {"a": (np.dtype("<i2"), (299,))}),
        (content, {"a": (np.dtype("<i2"), (1 << 20, 1 << 20))}),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            unpack_arrays(broken, layout)
