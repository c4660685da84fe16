"""The ledger of bytes: every byte of every file is counted, once."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ae_pipeline.blocks import weight_of
from ae_pipeline.codec import CODEC_FILE
from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.fragments import account
from ae_pipeline.report.forms import as_json
from ae_pipeline.report.tables.records import dump_json
from ae_pipeline.results.account import ByteAccount, StoredBytes
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.storage import private_folder
from ae_pipeline.verbs import encode, inspect, verify
from tests.support.data.datasets import N_ROWS, PARTITIONS, write_tree
from tests.support.format_reader.footer import read_keys

FAST = {"training": {"epochs": 1, "max_steps": 100}, "network": {"latent_dim": 2}}
#: Bytes of the features of a row of `mixed_table`: three doubles, a float and a half.
ROW_BYTES = 3 * 8 + 4 + 2
#: Columns that the archive keeps; it codes all others.
KEPT = ["key", "name"]
#: Files of weights and what reports call them.
MODEL_PARTS = {
    "predictor.bin": "predictor",
    "decoder.bin": "decoder",
    "encoder.bin": "encoder",
    "weights.safetensors": "encoder and decoder",
    "table.bin": "table",
    "values.bin": "values of the table",
    "references.bin": "references",
}


@pytest.fixture(scope="module", params=["archive", "features"])
def encoded(
    request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, DatasetReport]:
    """What encode wrote and said, of either kind; nobody may change it."""
    folder = tmp_path_factory.mktemp("encoded") / "mixed"
    kept = {"columns": {"keep": KEPT}} if request.param == "archive" else {}
    job = EncodeJob(source=str(source), **{request.param: str(folder)}, **FAST, **kept)
    return folder, encode(job)


def size_of(folder: Path, pattern: str = "*") -> int:
    """Bytes of all files of a dataset, of its private folder beside it, too."""
    folders = {folder, private_folder(folder)} if private_folder(folder).exists() else {folder}
    outer = [one for one in folders if not any(other in one.parents for other in folders)]
    paths = (path for one in outer for path in one.rglob(pattern))
    return sum(path.stat().st_size for path in paths if path.is_file())


def assert_adds_up(sizes: StoredBytes, encoded_bytes: int) -> None:
    """Payload by part, kept columns and container are the Parquet files, byte for byte."""
    assert sizes.encoded_bytes == encoded_bytes
    assert sizes.payload_bytes == sum(sizes.ledger.values())
    parts = sizes.payload_bytes, sizes.kept_bytes, sizes.container_bytes
    assert sum(parts) == encoded_bytes
    assert min(*parts, *sizes.ledger.values()) >= 0


def test_every_byte_is_counted_once(encoded: tuple[Path, DatasetReport]) -> None:
    """Parts of each fragment, partition and of all are their files; with model and rest, the
    whole folder.
    """  # noqa: D205
    folder, report = encoded
    assert [fragment.partition for fragment in report.fragments] == [*PARTITIONS]
    for fragment, partition in zip(report.fragments, report.partitions, strict=True):
        assert_adds_up(fragment, (folder / fragment.relative).stat().st_size)
        assert_adds_up(partition, fragment.encoded_bytes)
    for total in (report.total, report.bytes):
        assert_adds_up(total, size_of(folder, "*.parquet"))
    model, other = report.bytes.model_bytes, report.bytes.other_bytes
    assert model == sum(report.bytes.model.values())
    assert report.bytes.encoded_bytes + model + other == size_of(folder)


def test_parts_are_what_they_say(encoded: tuple[Path, DatasetReport]) -> None:
    """Kept bytes are the chunks of kept columns, payload that of our own, model its files."""
    folder, report = encoded
    own = {"ae:block", "latent", "ae:missing", "ae:exact"}
    kept = missing = 0
    for path in folder.rglob("*.parquet"):
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(number)
                name = chunk.path_in_schema.split(".")[0]
                kept += 0 if name in own else chunk.total_compressed_size
                missing += chunk.total_compressed_size if name == "ae:missing" else 0
    assert report.total.kept_bytes == kept > 0
    assert report.total.ledger.get("missing", 0) == missing
    (codec,) = (private_folder(folder) / "codecs").iterdir()
    sizes = {path.name: path.stat().st_size for path in codec.iterdir()}
    described = sizes.pop(CODEC_FILE)
    assert report.bytes.model == {MODEL_PARTS[name]: size for name, size in sizes.items()}
    assert report.bytes.other_bytes > described > 0


def raw_bytes_of(source: Path, folder: Path) -> int:
    """Bytes in memory of what an archive codes; of features, those of their numbers."""
    total = 0
    for path in folder.rglob("part-0.parquet"):
        table = pq.ParquetFile(source / path.relative_to(folder)).read()
        stored = pq.read_schema(path).names
        coded = [name for name in table.column_names if name not in stored]
        total += sum(map(weight_of, table.select(coded).to_batches()))
    return total


def test_ratios_are_the_formulas(source: Path, encoded: tuple[Path, DatasetReport]) -> None:
    """Raw bytes that are coded over payload, source files over ours, the model counted or not."""
    folder, report = encoded
    sizes, raw = report.bytes, len(PARTITIONS) * N_ROWS * ROW_BYTES
    if "missing" not in report.total.ledger:
        footers = [pq.read_metadata(path).metadata for path in folder.rglob("part-0.parquet")]
        raw = sum(int(read_keys(footer)["ae:raw_bytes"]) for footer in footers)
        # Batches of other sizes have other paddings.
        assert raw == pytest.approx(raw_bytes_of(source, folder), rel=0.02)
    assert (sizes.raw_bytes, sizes.source_bytes) == (raw, size_of(source))
    assert sizes.ratios.raw == raw / sizes.payload_bytes
    assert sizes.ratios.raw_with_model == raw / (sizes.payload_bytes + sizes.model_bytes)
    assert sizes.ratios.files == sizes.source_bytes / sizes.encoded_bytes
    with_model = sizes.encoded_bytes + sizes.model_bytes + sizes.other_bytes
    assert sizes.ratios.files_with_model == sizes.source_bytes / with_model


def test_every_verb_gives_the_same_account(encoded: tuple[Path, DatasetReport]) -> None:
    """Encode, encode again, inspect and verify count alike, as records and as JSON."""
    folder, report = encoded
    accounts: list[ByteAccount | None] = [inspect(str(folder)).bytes]
    if "codes" in report.total.ledger:
        accounts.append(verify(VerifyJob(archive=str(folder))).bytes)
        again = EncodeJob(source=report.source, archive=str(folder))
        accounts.append(encode(again).bytes)
    assert accounts == [report.bytes] * len(accounts)
    tree = json.loads(as_json(report))
    assert tree["bytes"] == json.loads(dump_json(asdict(report.bytes)))
    assert tree["fragments"][0]["ledger"] == report.fragments[0].ledger


def test_what_parquet_saves_is_not_hidden(tmp_path: Path) -> None:
    """Blocks that Parquet compresses once more keep their size; the container bears it."""
    table = pa.table(
        {f"c{i}": [1.25] * 50 for i in range(400)} | {"x": [float(i) for i in range(50)]}
    )
    source = write_tree(tmp_path / "source", {"p.parquet": table}, row_group_size=50)
    report = encode(EncodeJob(source=str(source), archive=str(tmp_path / "archive"), **FAST))
    total = report.total
    assert total.container_bytes < 0
    assert total.payload_bytes + total.kept_bytes + total.container_bytes == total.encoded_bytes


def test_nothing_has_no_ratio(tmp_path: Path) -> None:
    """Without a single byte there is nothing to divide by, and no folder is no model."""
    empty = account([], tmp_path / "nowhere", [])
    assert (empty.encoded_bytes, empty.model_bytes, empty.other_bytes) == (0, 0, 0)
    assert (empty.ratios.raw, empty.ratios.files_with_model) == (None, None)
