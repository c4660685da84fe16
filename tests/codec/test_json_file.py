"""The JSON of a codec in one frame: small, whole, and bounded when it is read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON trees

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.codec.json_file import MOST_JSON, pack_tree, unpack_tree
from ae_pipeline.errors import ConfigError
from tests.support.faults.apart import limit_space, run_apart
from tests.support.jobs.processes import peak_memory

ZSTDCAT = shutil.which("zstdcat")
TREE: dict[str, Any] = {
    "id": "0" * 20,
    "features": [{"name": f"column {number}", "std": number / 7} for number in range(99)],
}
#: Memory of a frame that expands to all that is allowed: its bytes, and a window.
SPACE, RESIDENT = 128 << 20, 8 << 20

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
trees = st.recursive(
    leaves | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(st.dictionaries(st.text(max_size=9), trees, max_size=4))
def test_any_tree_round_trips(tree: dict[str, Any]) -> None:
    """What is packed is unpacked, down to the last digit."""
    assert unpack_tree(pack_tree(tree)) == tree


def test_numbers_that_json_lacks_are_not_written() -> None:
    """NaN and infinities are refused when they are written, not when they are read."""
    with pytest.raises(ValueError, match="JSON"):
        pack_tree({"loss": float("nan")})


@pytest.mark.skipif(ZSTDCAT is None, reason="needs the command zstdcat")
def test_command_line_reads_it(tmp_path: Path) -> None:
    """`zstdcat` prints the JSON in one line."""
    (tmp_path / CODEC_FILE).write_bytes(pack_tree({"id": "x", "features": []}))
    done = subprocess.run([str(ZSTDCAT), tmp_path / CODEC_FILE], capture_output=True, check=True)
    assert done.stdout == b'{"id":"x","features":[]}\n'


def test_one_frame_of_a_known_size() -> None:
    """The frame says how much it holds, has a checksum, and is a fraction of the text."""
    frame = pack_tree(TREE)
    parameters = zstandard.get_frame_parameters(frame)
    assert parameters.has_checksum
    assert len(frame) < parameters.content_size / 4


def test_every_damaged_bit_is_noticed() -> None:
    """A frame with one bit changed is refused or holds the same tree."""
    frame = pack_tree(TREE)
    for number in range(8 * len(frame)):
        damaged = bytearray(frame)
        damaged[number // 8] ^= 1 << number % 8
        try:
            assert unpack_tree(bytes(damaged)) == TREE
        except ValueError:
            continue


FRAMES = {
    "nothing": b"",
    "plain JSON": b'{"id": "x"}\n',
    "no magic": bytes(64),
    "cut": pack_tree(TREE)[:-1],
    "a byte more": pack_tree(TREE) + b"\0",
    "two frames": pack_tree({}) + pack_tree({}),
    "a frame to skip": b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"null",
    "an empty frame": zstandard.compress(b""),
    "NaN": zstandard.compress(b'{"loss": NaN}'),
    "no UTF-8": zstandard.compress(b'"\xff\xfe"'),
    "UTF-16": zstandard.compress('{"id": "x"}'.encode("utf-16")),
}


@pytest.mark.parametrize("name", FRAMES)
def test_other_frames_are_refused(name: str) -> None:
    """What is not one whole frame of JSON is a ValueError."""
    with pytest.raises(ValueError, match=r"zstd|JSON|Expecting|utf-8"):
        unpack_tree(FRAMES[name])


@pytest.mark.parametrize("has_size", [True, False])
def test_frames_of_other_writers_are_read(has_size: bool) -> None:
    """A frame that a pipe has written does not say how much it holds, and is read all the same."""
    writer = zstandard.ZstdCompressor(level=3, write_content_size=has_size)
    assert unpack_tree(writer.compress(b'{"id": "x"}')) == {"id": "x"}


def claim(n_bytes: int) -> bytes:
    """A frame whose header claims a size, with one block of one byte in it."""
    header = b"\x28\xb5\x2f\xfd\xe0" + n_bytes.to_bytes(8, "little")
    return header + (1 << 3 | 1).to_bytes(3, "little") + b"1"


def zeros(n_bytes: int, **options: Any) -> bytes:
    """A small frame of many zeros."""
    return zstandard.ZstdCompressor(level=1, **options).compress(bytes(n_bytes))


def refuse_bombs() -> Iterator[str]:
    """Unpack frames that would take gigabytes; complain of those that are not refused."""
    wide = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    frames = {
        **{f"claim of 2^{n}": claim(1 << n) for n in (20, 26, 27, 32, 40, 62, 63)},
        "claim of the most": claim((1 << 64) - 2),
        "too much, claimed": zeros(MOST_JSON + 1),
        "too much, not claimed": zeros(MOST_JSON + 1, write_content_size=False),
        "far too much": zeros(1 << 29, write_content_size=False),
        "a wide window": zstandard.ZstdCompressor(compression_params=wide).compress(bytes(99)),
    }
    limit_space(SPACE)
    for name, frame in frames.items():
        before = peak_memory()
        try:
            unpack_tree(frame)
            yield f"{name}: no error"
        except ValueError:
            pass
        except BaseException as error:  # out of memory, above all
            yield f"{name}: {type(error).__name__}: {error}"
        if peak_memory() - before > RESIDENT + (MOST_JSON if "too much" in name else 0):
            yield f"{name}: {peak_memory() - before} bytes of memory"


def test_bombs() -> None:
    """Frames that claim, expand to or look back on more than the limit take no memory."""
    assert run_apart(refuse_bombs) == []


def test_writers_keep_the_limit() -> None:
    """A tree that readers would refuse is not written, and the message says so."""
    with pytest.raises(ConfigError, match="codec too large"):
        pack_tree({"schema": "x" * MOST_JSON})
    assert unpack_tree(pack_tree({"s": "x" * (1 << 20)})) == {"s": "x" * (1 << 20)}
