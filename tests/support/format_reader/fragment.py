"""Read a fragment of an archive: its columns, and its source schema."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.format_reader.block import read_block
from tests.support.format_reader.codec_arrays import read_arrays
from tests.support.format_reader.codec_json import read_codec_json
from tests.support.format_reader.footer import read_keys
from tests.support.format_reader.table import read_table
from tests.support.format_reader.vectors import expand_lanes


def private_folder(dataset: Path) -> Path:
    """The folder of what is not data: inside, or else beside."""
    inside, real = dataset / "_ae", dataset.resolve()
    return inside if inside.exists() else real.with_name(f"{real.name}.ae")


def read_fragment(archive: Path, relative: str) -> dict[str, pa.Array]:
    """Coded columns of a fragment with one row group or several."""
    file = pq.ParquetFile(archive / relative)
    footer = read_keys(file.metadata.metadata)
    folder = private_folder(archive) / "codecs" / footer["ae:codec_id"]
    codec = read_codec_json(folder)
    codec["kinds"] = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(codec["schema"])))
    expand_lanes(codec)
    codec["arrays"] = {name: read_arrays(folder, codec, name) for name in ("predictor", "decoder")}
    codec["table_model"] = read_table(folder, codec)
    parts = []
    for group in range(file.num_row_groups):
        column = file.read_row_group(group, columns=["ae:block"])["ae:block"]
        if len(column):
            parts.append(read_block(column[0].as_py(), codec))
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


def read_schema(dataset: Path, relative: str) -> pa.Schema:
    """The source schema of a fragment, its own or its codec's."""
    metadata = pq.ParquetFile(dataset / relative).metadata.metadata
    footer = read_keys(metadata)
    codec = read_codec_json(private_folder(dataset) / "codecs" / footer["ae:codec_id"])
    message = base64.b64decode(codec["schema"])
    if "ae:schema_delta" in footer:
        stream = zlib.decompressobj(zdict=message[-32768:])
        message = stream.decompress(base64.b64decode(footer["ae:schema_delta"]), 1 << 24)
        assert stream.eof
    elif "ae:source_schema" in footer:
        message = base64.b64decode(footer["ae:source_schema"])
    return pa.ipc.read_schema(pa.py_buffer(message))
