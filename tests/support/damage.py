"""Archives to be damaged, ways to damage them, and loops over damage in processes of their own.

A process of its own has a limit on memory, and a crash of a library below us is one failure here
and not the end of the tests.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, save_archive_codec
from ae_pipeline.dataset import Fragment, discover, fingerprint, open_fragment
from ae_pipeline.dataset.opening import reading_errors
from ae_pipeline.errors import AePipelineError, CorruptFragmentError
from ae_pipeline.formats import require_footer
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.storage import Footer, Marker, codec_directory
from ae_pipeline.storage.layout import write_marker
from tests.support.golden_archives import (
    describe,
    echo_predictor,
    hand_set_network,
    integers,
    kept_columns,
    network_codec,
    predicted_table,
)

PART = "day=1/part-0.parquet"
N_ROWS, WINDOW = 60, 4
KEPT = ("when", "level")
MODEL_FILES = ("predictor.bin", "decoder.bin", "encoder.bin")
CODEC_FILES = {"codec.json", "history.json", *MODEL_FILES}
N_FEATURES, N_LATENT = 8, 2

#: Memory that reading a damaged fragment, and decoding a forged block, may take beyond the usual.
FRAGMENT_SPACE = 1 << 30
BLOCK_SPACE = 192 << 20  # of addresses; Zstandard reserves up to 128 MiB of it and uses little
BLOCK_RESIDENT = 48 << 20
BYTES_PER_VALUE = 64  # decoding a block, per row and column
BYTES_PER_WEIGHT, BYTES_OF_LAYERS = 16, 32 << 20


def small_table(n_rows: int, kept: tuple[str, ...] = KEPT) -> pa.Table:
    """Features that `small_codec` predicts but for a few, and kept columns."""
    features = predicted_table(hand_set_network(WINDOW), 3, n_rows)
    others = kept_columns(n_rows).select(kept)
    return pa.table([*features.columns, *others.columns], [*features.column_names, *kept])


def small_codec(arrow: pa.Schema) -> ArchiveCodec:
    """A network and a linear predictor, set by hand."""
    return network_codec(hand_set_network(WINDOW), echo_predictor(), arrow)


def write_archive(root: Path, footer_id: str | None = None, kept: tuple[str, ...] = KEPT) -> Path:
    """One fragment whose schema has metadata of its own, its codec and the marker."""
    source = root / "source" / PART
    source.parent.mkdir(parents=True)
    pq.write_table(small_table(N_ROWS, kept), source)
    codec, archive = small_codec(pq.read_schema(source)), root / "archive"
    (fragment,) = discover(root / "source").fragments
    own = codec.schema.arrow.with_metadata({"made by": "hand"})
    footer_id = codec.id if footer_id is None else footer_id
    footer = Footer("archive", footer_id, fingerprint(fragment), fragment.size_bytes)
    footer = footer.with_schema(own, codec.schema)
    (archive / PART).parent.mkdir(parents=True)
    ArchiveFormat(codec).write(fragment, archive / PART, footer, own)
    save_archive_codec(codec, codec_directory(archive, codec.id))
    write_marker(archive, Marker("archive", codec.id))
    return archive


def codec_folder(archive: Path) -> Path:
    """The one codec of an archive."""
    (folder,) = (archive / "_ae/codecs").iterdir()
    return folder


def block_of(archive: Path) -> bytes:
    """The one block of an archive."""
    return pq.read_table(archive / PART, columns=["ae:block"])["ae:block"][0].as_py()


def read_part(format: ArchiveFormat, path: Path) -> pa.Table:
    """What decode does with a fragment, rows counted and bytes added up."""
    fragment = Fragment(path, PART, path.stat().st_size)
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = require_footer(metadata, fragment)
    if footer.codec_id != format.codec_id:
        raise CorruptFragmentError("its codec is not at hand")
    batches = list(format.read(fragment, footer, MOST_ROWS))
    table = pa.Table.from_batches(batches, footer.source_schema(format.schema, PART))
    if len(table) != metadata.num_rows:
        raise CorruptFragmentError("row count differs from the file's")
    with reading_errors(fragment), path.open("rb") as file:
        format.stored_parts(leaf_sizes(file), footer)
    return table


def is_same(table: pa.Table, other: pa.Table) -> bool:
    """Whether all is the same, bit by bit: values, and schema with metadata."""
    return _serialized(table) == _serialized(other) or describe(table) == describe(other)


def _serialized(table: pa.Table) -> bytes:
    """Cheap to compare; but bitmaps that mark no null may be there or not."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def flips(content: bytes) -> Iterator[bytes]:
    """Every byte wrong in all bits, and in one."""
    for position in range(len(content)):
        for mask in (0xFF, 1 << position % 8):
            yield content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]


def bits(content: bytes) -> Iterator[bytes]:
    """Every bit wrong of what lies before the footer of a Parquet file."""
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    for position in range(8 * footer):
        changed = bytearray(content)
        changed[position // 8] ^= 1 << position % 8
        yield bytes(changed)


def drawn(content: bytes) -> Iterator[bytes]:
    """Any byte wrong in any way, one or three of them."""
    for draws in integers(7, 6000, 255 * len(content)).reshape(-1, 3).tolist():
        changed = bytearray(content)
        for draw in draws[: 1 if draws[0] % 2 else 3]:
            changed[draw // 255] ^= draw % 255 + 1
        yield bytes(changed)


def cuts(content: bytes) -> Iterator[bytes]:
    """Every length that is too short."""
    return (content[:length] for length in range(len(content)))


def run_apart(loop: Callable[..., Iterator[str]], *arguments: object) -> list[str]:
    """Run a function of a test module in another process; the complaints that it returned."""
    code = "import sys; from tests.support import damage; damage.main(*sys.argv[1:])"
    command = [sys.executable, "-c", code, loop.__module__, loop.__name__, *map(str, arguments)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout)


def main(module: str, name: str, *arguments: str) -> None:
    """The other end of `run_apart`."""
    loop = getattr(importlib.import_module(module), name)
    sys.stdout.write(json.dumps(list(loop(*arguments))))


def limit_space(n_bytes: int) -> None:
    """Let this process have so many more bytes of addresses."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + n_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)  # kept: who lowers it cannot raise it again
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def complaint_of(is_right: Callable[[], bool]) -> str:
    """Empty if there was a named error, or what was read is right."""
    try:
        return "" if is_right() else "another value"
    except AePipelineError:
        return ""
    except Exception as error:  # whatever else there is, is what we look for
        return f"{type(error).__name__}: {error}"


def forge_tree(archive: Path, **changes: object) -> Path:
    """Change keys of `codec.json`; returns its folder."""
    folder = codec_folder(archive)
    tree = json.loads((folder / "codec.json").read_text())
    (folder / "codec.json").write_text(json.dumps({**tree, **changes}))
    return folder
