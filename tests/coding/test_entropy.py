"""Numbers ↔ bytes: every value and every bit comes back, damage is refused."""

from __future__ import annotations

import resource

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import pack_integers, pack_numbers, unpack_integers, unpack_numbers
from tests.support.strategies.values import KINDS, number_bits
from tests.support.values import bits

INT64 = np.iinfo(np.int64)

integer_lists = st.one_of(
    *(st.lists(st.integers(-(2**width), 2**width - 1), max_size=60) for width in (3, 7, 15, 31, 63))
)


@given(integer_lists)
def test_integers_round_trip(values: list[int]) -> None:
    """Integers of any width come back."""
    array = np.array(values, np.int64)
    got = unpack_integers(pack_integers(array), len(array))
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, array)


@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_integers_at_the_borders_of_types(width: int) -> None:
    """The extremes of every width, and one beyond where there is one, come back."""
    low, high = -(2 ** (width - 1)), 2 ** (width - 1) - 1
    borders = [low - 1, low, low + 1, -1, 0, 1, high - 1, high, high + 1]
    values = [value for value in borders if INT64.min <= value <= INT64.max]
    for chosen in (values, [low, high], [0, high], [low, 0], [high], [low]):
        array = np.array(chosen, np.int64)
        np.testing.assert_array_equal(unpack_integers(pack_integers(array), len(array)), array)


@pytest.mark.parametrize("value", [0, -1, 127, 128, -128, -129, 2**31, INT64.min, INT64.max])
@pytest.mark.parametrize("n_values", [1, 2, 100_000])
def test_constant_integers_cost_no_rows(value: int, n_values: int) -> None:
    """One value, however often and however large, takes two to nine bytes and comes back."""
    array = np.full(n_values, value, np.int64)
    content = pack_integers(array)
    assert len(content) == 1 + (value ^ (value >> 63)).bit_length() // 8 + 1
    np.testing.assert_array_equal(unpack_integers(content, n_values), array)


def test_small_integers_are_stored_near_their_entropy(generator: np.random.Generator) -> None:
    """Corrections of -1, 0 and 1 take at most 5 % more than their entropy."""
    values = generator.choice([-1, 0, 1], 100_000, p=[0.1, 0.8, 0.1])
    entropy_bits = 0.2 * np.log2(10) + 0.8 * np.log2(1.25)
    assert len(pack_integers(values)) * 8 < 1.05 * entropy_bits * len(values)


def test_strided_values_are_packed() -> None:
    """A column of a matrix, which is not contiguous, packs like its copy."""
    matrix = np.arange(60, dtype=np.int64).reshape(20, 3) ** 3
    assert pack_integers(matrix[:, 1]) == pack_integers(matrix[:, 1].copy())
    numbers = matrix.astype(np.float32)
    assert pack_numbers(numbers[:, 1]) == pack_numbers(numbers[:, 1].copy())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_numbers_round_trip(kind: np.dtype) -> None:
    """Numbers of every type come back bit for bit, whatever their bits are."""

    @given(number_bits(kind))
    def check(values: np.ndarray) -> None:
        got = unpack_numbers(pack_numbers(values), len(values), kind)
        assert got.dtype == kind
        np.testing.assert_array_equal(bits(got), bits(values))

    check()


@pytest.mark.parametrize("kind", KINDS[:3], ids=str)
def test_special_floats_round_trip(kind: np.dtype) -> None:
    """Payloads and signs of NaN, both zeros, subnormals and infinities come back."""
    limits = np.finfo(kind)
    special = [np.inf, -np.inf, -0.0, 0.0, limits.max, limits.tiny, limits.smallest_subnormal]
    mixed = np.array([np.nan, -np.nan, *special, 1.5], kind)
    bits(mixed)[:2] += np.array([1, 3], f"u{kind.itemsize}")
    for values in (mixed, np.tile(mixed, 500), *(mixed[i : i + 1].repeat(9) for i in range(10))):
        got = unpack_numbers(pack_numbers(values), len(values), kind)
        np.testing.assert_array_equal(bits(got), bits(values))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_constant_numbers_cost_one(kind: np.dtype) -> None:
    """A repeated number takes one byte more than the number; zeros of two signs are two numbers."""
    assert len(pack_numbers(np.full(100_000, 7, kind))) == 1 + kind.itemsize
    zeros = np.array([0.0, -0.0] * 50)
    np.testing.assert_array_equal(
        bits(unpack_numbers(pack_numbers(zeros), 100, np.dtype("f8"))), bits(zeros)
    )


def test_nothing_packs_to_nothing() -> None:
    """No values take no bytes."""
    assert pack_integers(np.zeros(0, np.int64)) == b""
    assert pack_numbers(np.zeros(0, np.float32)) == b""
    assert len(unpack_integers(b"", 0)) == 0
    assert unpack_numbers(b"", 0, np.dtype("f4")).dtype == np.float32


@pytest.mark.parametrize("n_values", [1, 299, 301, 5000])
def test_another_count_is_refused(n_values: int, generator: np.random.Generator) -> None:
    """A stream of more or fewer values than expected is damaged."""
    integers, numbers = generator.integers(-9, 9, 300), generator.normal(size=300)
    with pytest.raises(ValueError, match=r"values|trailing|pco"):
        unpack_integers(pack_integers(integers), n_values)
    with pytest.raises(ValueError, match=r"values|trailing|pco"):
        unpack_numbers(pack_numbers(numbers), n_values, numbers.dtype)


def test_another_type_is_refused(generator: np.random.Generator) -> None:
    """Numbers of one type are not read as another, nor integers as numbers."""
    numbers = generator.normal(size=300)
    with pytest.raises(ValueError, match="type"):
        unpack_numbers(pack_numbers(numbers), 300, np.dtype("f4"))
    with pytest.raises(ValueError, match="not an integer stream"):
        unpack_integers(pack_numbers(numbers), 300)
    with pytest.raises(ValueError, match="not a number stream"):
        unpack_numbers(pack_integers(np.arange(300)), 300, np.dtype("i8"))


@pytest.mark.parametrize("content", [b"", b"\0", b"\0" * 10, b"\x05abc", b"\xff", b"\x01", b"\x04"])
def test_malformed_streams(content: bytes) -> None:
    """Unknown tags, empty bodies and constants of a wrong width are refused."""
    with pytest.raises(ValueError, match=r"stream|pco"):
        unpack_integers(content, 5)
    with pytest.raises(ValueError, match=r"stream|pco"):
        unpack_numbers(content, 5, np.dtype("f8"))


@pytest.mark.parametrize("kind", [np.dtype("i8"), np.dtype("f2"), np.dtype("f8"), np.dtype("u1")])
def test_damage_is_refused_or_as_long(kind: np.dtype, generator: np.random.Generator) -> None:
    """Whatever happened to the bytes: a ValueError, or as many values as were asked for."""
    values = (generator.normal(size=300) * 40).astype(np.int64).astype(kind)
    content = pack_numbers(values)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for trial in range(1500):
        damaged = np.frombuffer(content, np.uint8).copy()
        places = generator.integers(len(damaged), size=generator.integers(1, 4))
        damaged[places] = generator.integers(256, size=len(places))
        if trial % 5 == 0:
            damaged = damaged[: generator.integers(len(damaged))]
        try:
            assert len(unpack_numbers(damaged.tobytes(), 300, kind)) == 300
        except ValueError:
            continue
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 << 10
