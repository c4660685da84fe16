"""Write a golden case once: its sources, its dataset, and what that decodes to."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from ae_pipeline.codec.archive import ArchiveCodec, save_archive_codec
from ae_pipeline.codec.features import FeaturesCodec, save_features_codec
from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.dataset import discover, fingerprint
from ae_pipeline.format_version import FORMAT_VERSION
from ae_pipeline.formats.archive import ArchiveFormat
from ae_pipeline.storage import (
    PRIVATE_FOLDER,
    Footer,
    Marker,
    codec_directory,
    private_folder,
)
from ae_pipeline.storage.layout import write_marker
from ae_pipeline.verbs import encode, verify
from tests.support.golden.case import Golden
from tests.support.golden.every_type import types_case
from tests.support.golden.features import (
    features_case,
    int8_case,
    kinds_case,
    rounded_case,
    worded_case,
)
from tests.support.golden.grids import grids_case
from tests.support.golden.levels import levels_case
from tests.support.golden.networks import classes_case, network_case, window_case
from tests.support.golden.predictors import predictor_case
from tests.support.golden.reading import EXPECTED_FILE, decode_case, describe
from tests.support.golden.series import series_case
from tests.support.golden.tables import cells_case, mappings_case, wide_case
from tests.support.golden.vectors import vectors_case


@dataclass(frozen=True)
class _SmallBlocks(ArchiveCodec):
    """A codec whose row groups are small; the format leaves their size to the writer."""

    n_rows: int = 1 << 17

    @property
    def block_rows(self) -> int:
        """Rows of a full block."""
        return self.n_rows


#: A case is of the version that brought what is in it.
CASES: dict[str, Callable[[], Golden]] = {
    "archive-5.0/types": types_case,
    "archive-5.0/network": network_case,
    "archive-5.0/window": window_case,
    "archive-5.0/predictor": predictor_case,
    "archive-5.0/classes": classes_case,
    "archive-5.0/grids": grids_case,
    "archive-5.0/cells": cells_case,
    "archive-5.0/mappings": mappings_case,
    "archive-5.0/wide": wide_case,
    "archive-5.0/levels": levels_case,
    "archive-5.0/vectors": vectors_case,
    "archive-5.0/series": series_case,
    "features-5.0/bends": features_case,
    "features-5.0/words": worded_case,
    "features-5.0/rounded": rounded_case,
    "features-5.0/int8": int8_case,
    "features-5.0/kinds": kinds_case,
}


def check_is_new(name: str) -> None:
    """Raise ValueError for a case of a former version: files of today are not what people have."""
    if f"-{FORMAT_VERSION}/" not in name:
        raise ValueError(f"{name}: this release writes format {FORMAT_VERSION}")


def write_case(name: str, root: Path) -> None:
    """Write one case below `root`; FileExistsError if it is there."""
    kind = name.split("-", maxsplit=1)[0]
    folder = root / name
    folder.mkdir(parents=True)
    golden = CASES[name]()
    with tempfile.TemporaryDirectory() as scratch:
        source = _write_sources(golden, Path(scratch) / "source")
        if kind == "archive":
            _write_archive(golden, source, folder / "dataset")
        else:
            _write_features(golden, source, folder / "dataset", Path(scratch) / "codec")
    write_expected(folder)


def _write_sources(golden: Golden, root: Path) -> Path:
    """Source fragments, without dictionaries, which make all NaN one."""
    for relative, table in golden.tables.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        words = [name for name in table.column_names if name in ("grade", "level")]
        pq.write_table(table, path, use_dictionary=words or False)
    return root


def _write_archive(golden: Golden, source: Path, archive: Path) -> None:
    """As `encode` does, but with small blocks; then hold every value to its promise."""
    codec = golden.codec
    assert isinstance(codec, ArchiveCodec)
    own = {field.name: getattr(codec, field.name) for field in fields(codec)}
    format = ArchiveFormat(_SmallBlocks(**own, n_rows=golden.block_rows))
    save_archive_codec(codec, codec_directory(archive, codec.id))
    write_marker(archive, Marker("archive", codec.id))
    for fragment in discover(source).fragments:
        arrow = pq.read_schema(fragment.path)
        is_same = arrow.equals(codec.schema.arrow, check_metadata=True)
        footer = Footer("archive", codec.id, fingerprint(fragment), fragment.size_bytes)
        footer = replace(footer, schema=None if is_same else arrow)
        path = archive / fragment.relative
        path.parent.mkdir(parents=True, exist_ok=True)
        format.write(fragment, path, footer, arrow)
    with np.errstate(invalid="ignore"):  # signalling NaN are cast to measure errors
        report = verify(VerifyJob(archive=str(archive), source=str(source)))
    if report.failures:
        raise ValueError(f"{archive}: {report.failures[0]}")


def _write_features(golden: Golden, source: Path, features: Path, codec: Path) -> None:
    assert isinstance(golden.codec, FeaturesCodec)
    save_features_codec(golden.codec, codec)
    encode(EncodeJob(source=str(source), features=str(features), codec=str(codec)))
    shutil.move(private_folder(features), features / PRIVATE_FOLDER)  # one folder, as a copy is


def write_expected(folder: Path) -> None:
    """Decode a case and write down what came out."""
    with tempfile.TemporaryDirectory() as scratch:
        tables = decode_case(folder, Path(scratch) / "decoded")
    tree = {relative: describe(table) for relative, table in tables.items()}
    text = json.dumps(tree, indent=1, ensure_ascii=False) + "\n"
    (folder / EXPECTED_FILE).write_text(text, encoding="utf-8")
