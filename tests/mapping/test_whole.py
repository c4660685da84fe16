"""Any column comes back from its bytes, and damaged bytes are refused in bounded memory."""

from __future__ import annotations

import contextlib

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ae_pipeline.mapping.frames import pack_frame, unpack_frame
from ae_pipeline.mapping.whole import pack_whole, unpack_whole
from tests.mapping.arrays import SCALARS, arrays, same_bits

OTHERS = [
    pa.array([], pa.string()),
    pa.array(["a", None, "", "äöü"]),
    pa.array(["a", "bc", None, "def"]).slice(1),
    pa.array([b"\xff\x00", None], pa.large_binary()),
    pa.array([b"abc", None, b"def"], pa.binary(3)),
    pa.array([b"", b""], pa.binary(0)),
    pa.array(["x", "y" * 40, None], pa.string_view()),
    pa.array(["a", "b", "a", None]).dictionary_encode(),
    pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]),
    pa.array([[1, None], None, []], pa.list_(pa.int16())).slice(1),
    pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
    pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    pa.array([b"0123456789abcdef", None], pa.uuid()),
    pa.nulls(3),
]


@pytest.mark.parametrize("kind", SCALARS, ids=str)
@given(data=st.data())
def test_scalars_come_back(kind: pa.DataType, data: st.DataObject) -> None:
    """A column of scalars round-trips bit for bit."""
    array = data.draw(arrays(kind))
    assert same_bits(unpack_whole(pack_whole(array), kind, len(array)), array)


@pytest.mark.parametrize("array", OTHERS, ids=lambda array: str(array.type))
def test_other_types_come_back(array: pa.Array) -> None:
    """Texts, bytes, nested, dictionary and extension types round-trip, empty ones too."""
    for part in (array, array.slice(0, 0)):
        assert unpack_whole(pack_whole(part), array.type, len(part)).equals(part)


@pytest.mark.parametrize(
    "array",
    [*OTHERS, pa.array([1.5, 2.5]), pa.array([1, None])],
    ids=lambda array: str(array.type),
)
@given(data=st.data())
def test_damage_is_refused(array: pa.Array, data: st.DataObject) -> None:
    """Bytes that were changed or cut give a column of the type or a ValueError."""
    content = bytearray(pack_whole(array))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        with contextlib.suppress(ValueError):
            assert len(unpack_whole(damaged, array.type, len(array))) == len(array)


def test_decimals_are_packed_as_integers() -> None:
    """Floats that are decimals of a few places take few bytes."""
    array = pa.array([place / 100 for place in range(7, 9000, 13)])
    assert len(pack_whole(array)) < len(array)


@given(st.binary(max_size=300), st.integers(0, 1 << 62))
@example(b"", 1 << 62)
def test_frames_claim_no_memory(frame: bytes, n_bytes: int) -> None:
    """Arbitrary bytes are no frame, and a large claim is refused before memory is taken."""
    with contextlib.suppress(ValueError):
        assert len(unpack_frame(frame, n_bytes)) == n_bytes


def test_large_frames_of_zeros_come_back() -> None:
    """A frame that shrinks more than readers believe is padded."""
    content = bytes(70 << 20)
    frame = pack_frame(content)
    assert len(frame) < len(content) / 1000
    assert unpack_frame(frame, len(content)) == content
