"""Numbers of many arrays ↔ bytes, all numbers of one kind in one stream.

Small arrays that are alike compress far better together; a long one has a stream of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import zstandard
from jaxtyping import Int64, Shaped

from ae_pipeline.coding.entropy import pack_integers, unpack_integers
from ae_pipeline.coding.varint import Reader, varint
from ae_pipeline.table.limits import MOST_NUMBERS

#: Added to the logarithm of the bytes of a number: as they are, and compressed. Tags of integer
#: streams are smaller.
_PLAIN, _ZSTD = 16, 32
_WIDTHS = ("<i1", "<i2", "<i4", "<i8")

Numbers = Int64[np.ndarray, "numbers"]


class NumberWriter:
    """Collects numbers by kind.

    Args:
        kinds: names of the kinds, and how many numbers of each there may be; their order is part
            of the format.
    """

    def __init__(self, kinds: Mapping[str, int]) -> None:
        self._kinds = kinds
        self._numbers: dict[str, list[Numbers]] = {kind: [] for kind in kinds}
        self._long: list[bytes] = []

    def put(self, kind: str, *numbers: int) -> None:
        """Append numbers."""
        self._numbers[kind].append(np.array(numbers, np.int64))

    def put_array(self, kind: str, numbers: Shaped[np.ndarray, "..."]) -> None:
        """Append the numbers of an array of integers."""
        self._numbers[kind].append(numbers.ravel().astype(np.int64))

    def put_long(self, numbers: Shaped[np.ndarray, "..."]) -> None:
        """Append an array in a stream of its own."""
        packed = _pack(numbers.ravel().astype(np.int64))
        self._long.append(varint(len(packed)) + packed)

    def to_bytes(self) -> bytes:
        """Return the streams of all kinds, each after its numbers and its bytes, then long ones.

        Raises:
            ValueError: there are more numbers than a reader accepts.
        """
        content = []
        for kind, arrays in self._numbers.items():
            numbers = np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
            _check_size(kind, len(numbers), self._kinds[kind])
            packed = _pack(numbers)
            content += [varint(len(numbers)), varint(len(packed)) if packed else b"", packed]
        return b"".join(content + self._long)


class NumberReader:
    """Takes numbers by kind, in the order in which they were put.

    Args:
        content: as `NumberWriter` made it.
        kinds: of the writer.

    Raises:
        ValueError: this is not the content of such a writer, here and in all methods.
    """

    def __init__(self, content: bytes, kinds: Mapping[str, int]) -> None:
        self._reader = Reader(content)
        self._n_left = MOST_NUMBERS
        self._numbers: dict[str, Numbers] = {}
        for kind, most in kinds.items():
            n_numbers = self._reader.varint()
            _check_size(kind, n_numbers, most)
            self._numbers[kind] = self._read(n_numbers) if n_numbers else np.zeros(0, np.int64)
        self._places = dict.fromkeys(kinds, 0)

    def take(self, kind: str) -> int:
        """Return the next number."""
        return int(self.take_array(kind, 1)[0])

    def take_tuple(self, kind: str, n_numbers: int) -> tuple[int, ...]:
        """Return the next numbers."""
        return tuple(self.take_array(kind, n_numbers).tolist())

    def take_array(self, kind: str, n_numbers: int) -> Numbers:
        """Return the next numbers in an array."""
        start = self._places[kind]
        if not 0 <= n_numbers <= len(self._numbers[kind]) - start:
            raise ValueError(f"{n_numbers} numbers of kind {kind!r}, fewer are left")
        self._places[kind] += n_numbers
        return self._numbers[kind][start : start + n_numbers]

    def take_narrow(
        self, kind: str, n_numbers: int, dtype: type[np.generic]
    ) -> Shaped[np.ndarray, "numbers"]:
        """Return the next numbers in an array of a narrower type; ValueError if they do not fit."""
        numbers = self.take_array(kind, n_numbers)
        narrow = numbers.astype(dtype)
        if (narrow != numbers).any():
            raise ValueError(f"numbers of kind {kind!r} do not fit {np.dtype(dtype)}")
        return narrow

    def take_long(self, n_numbers: int) -> Numbers:
        """Return the next array that has a stream of its own."""
        return self._read(n_numbers)

    def _read(self, n_numbers: int) -> Numbers:
        """Read the next stream, whose numbers count against what a model may have."""
        self._n_left -= n_numbers
        if n_numbers < 0 or self._n_left < 0:
            raise ValueError(f"more than {MOST_NUMBERS} numbers in a table model")
        return _unpack(self._reader.take(self._reader.varint()), n_numbers)

    def finish(self) -> None:
        """Raise ValueError if numbers are left."""
        if not self._reader.is_at_end:
            raise ValueError("numbers have bytes that no stream owns")
        for kind, place in self._places.items():
            if place < len(self._numbers[kind]):
                raise ValueError(f"numbers of kind {kind!r} that nothing asks for")


def _check_size(kind: str, n_numbers: int, most: int) -> None:
    if n_numbers > most:
        raise ValueError(f"{n_numbers} numbers of kind {kind!r} in a table model, at most {most}")


def packed_bytes(numbers: Numbers) -> int:
    """Return the bytes that numbers take in a stream of their own."""
    return len(_pack(numbers))


def _pack(numbers: Numbers) -> bytes:
    """Pack as an integer stream, as bytes, or as bytes in a Zstandard frame: the smallest."""
    if not len(numbers):
        return b""
    width = next(
        width
        for width, kind in enumerate(_WIDTHS)
        if np.iinfo(kind).min <= numbers.min() and numbers.max() <= np.iinfo(kind).max
    )
    plain = numbers.astype(_WIDTHS[width]).tobytes()
    candidates: Iterable[bytes] = (
        pack_integers(numbers),
        bytes([_PLAIN + width]) + plain,
        bytes([_ZSTD + width]) + _zstd(plain),
    )
    return min(candidates, key=len)


def _zstd(content: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        19, write_content_size=False, write_checksum=False
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress(content)


def _unpack(content: bytes, n_numbers: int) -> Numbers:
    if not n_numbers and not content:
        return np.zeros(0, np.int64)
    tag = content[0] if content else 0
    if tag < _PLAIN:
        return unpack_integers(content, n_numbers)
    kind = tag & ~_PLAIN & ~_ZSTD
    if kind >= len(_WIDTHS) or tag >= 2 * _ZSTD or (tag & _PLAIN and tag & _ZSTD):
        raise ValueError(f"not a stream of numbers: tag {tag}")
    width = np.dtype(_WIDTHS[kind])
    n_bytes = n_numbers * width.itemsize
    plain = _unzstd(content[1:], n_bytes) if tag & _ZSTD else content[1:]
    if len(plain) != n_bytes:
        raise ValueError(f"{len(plain)} bytes of numbers, expected {n_bytes}")
    return np.frombuffer(plain, width).astype(np.int64)


def _unzstd(content: bytes, n_bytes: int) -> bytes:
    """Decompress one frame; a byte more than `n_bytes` if it has more."""
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(content) as reader:
            return reader.read(n_bytes + 1)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
