"""Lossless formats of tables, as peers of our archive."""

from benchmarks.tables.formats.openzl_columns import OPENZL
from benchmarks.tables.formats.parquet import BEST_PARQUET
from benchmarks.tables.formats.pcodec_zstd import PCODEC_ZSTD
from benchmarks.tables.formats.stores import CSV_XZ, DUCKDB, LANCE, VORTEX

#: Those that store columns apart come first.
FORMATS = (BEST_PARQUET, PCODEC_ZSTD, OPENZL, VORTEX, LANCE, DUCKDB, CSV_XZ)

__all__ = [
    "BEST_PARQUET",
    "CSV_XZ",
    "DUCKDB",
    "FORMATS",
    "LANCE",
    "OPENZL",
    "PCODEC_ZSTD",
    "VORTEX",
]
