"""Small archives to be damaged, and how they are read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.codec.archive import MOST_ROWS, ArchiveCodec, save_archive_codec
from ae_pipeline.dataset import Fragment, discover, fingerprint, open_fragment
from ae_pipeline.dataset.opening import reading_errors
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.formats import require_footer
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.parquet import leaf_sizes
from ae_pipeline.storage import Footer, Marker, codec_directory
from ae_pipeline.storage.layout import write_marker
from tests.support.codec.trees import read_codec_json, write_codec_json
from tests.support.golden.every_type import kept_columns
from tests.support.golden.networks import (
    echo_predictor,
    hand_set_network,
    network_codec,
    predicted_table,
)
from tests.support.golden.reading import describe

PART = "day=1/part-0.parquet"
N_ROWS, WINDOW = 60, 4
KEPT = ("when", "level")
MODEL_FILES = ("predictor.bin", "decoder.bin", "encoder.bin")
CODEC_FILES = {CODEC_FILE, *MODEL_FILES}
N_FEATURES, N_LATENT = 8, 2


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
    """Read a fragment as decode does; count its rows and add up its bytes."""
    fragment = Fragment(path, PART, path.stat().st_size)
    with open_fragment(fragment) as file:
        metadata = file.metadata
    footer = require_footer(metadata, fragment)
    if footer.codec_id != format.codec_id:
        raise CorruptFragmentError("its codec is another one")
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


def forge_tree(archive: Path, **changes: object) -> Path:
    """Change keys of the codec's JSON; returns its folder."""
    folder = codec_folder(archive)
    write_codec_json(folder, {**read_codec_json(folder), **changes})
    return folder
