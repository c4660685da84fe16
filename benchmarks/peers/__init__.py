"""Other ways to store the same blocks, each decoded and checked against the same tolerances.

Every peer codes the finite values of the feature columns of one block. Which rows those are is
charged to all alike, apart from a peer's own bytes. Columns of tolerance 0 are stored exactly.
"""

from benchmarks.peers.block import Block, Layout, read_blocks
from benchmarks.peers.classical import classical
from benchmarks.peers.measure import Measured, measure_peer
from benchmarks.peers.ours import archive_peer
from benchmarks.peers.parquet import PARQUET_LOSSLESS, PARQUET_ROUNDED, ParquetWriter, parquet
from benchmarks.peers.pca import pca
from benchmarks.peers.peer import Encoded, Peer
from benchmarks.peers.quantized import PCODEC
from benchmarks.peers.sz3 import SZ3, SZ3_MATRIX, sz3
from benchmarks.peers.zfp import ZFP

PEERS = (PCODEC, SZ3, SZ3_MATRIX, ZFP, PARQUET_ROUNDED, PARQUET_LOSSLESS)

__all__ = [
    "PARQUET_LOSSLESS",
    "PARQUET_ROUNDED",
    "PCODEC",
    "PEERS",
    "SZ3",
    "SZ3_MATRIX",
    "ZFP",
    "Block",
    "Encoded",
    "Layout",
    "Measured",
    "ParquetWriter",
    "Peer",
    "archive_peer",
    "classical",
    "measure_peer",
    "parquet",
    "pca",
    "read_blocks",
    "sz3",
]
