"""Learned, error-bounded compression and latent features for partitioned Parquet tables.

    import ae_pipeline as ae

    ae.encode("sales", "sales_archive", tolerance=0.001)  # compress, every value within a promise
    ae.verify("sales_archive", "sales")                   # compare every value
    ae.open("sales_archive").sql("select avg(fare) from t where month >= '2019-06'")
    ae.decode("sales_archive", "sales_decoded")

    codec = ae.fit(table, latent_dim=8)                   # latents of rows
    latents = codec.encode(table)
    content = ae.compress(table, tolerance=0.001)         # bytes; ae.decompress(content)

Verbs: encode, verify, decode, compress, backfill, compare, estimate, fit, features, inspect, gc.
Each takes what its command takes, every key of a job file as a keyword, or a job, and returns a
result that prints as tables.

To read: open, query. To load: load_codec, load_job.

Importing this loads nothing else: each name is imported when it is first used. TensorFlow and
Prefect are imported by what trains and by the flows alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ae_pipeline.escaping import escape_logs, visible

if TYPE_CHECKING:
    from ae_pipeline.calling import (
        RowCodec,
        backfill,
        compare,
        compress,
        decode,
        decompress,
        encode,
        estimate,
        features,
        fit,
        verify,
    )
    from ae_pipeline.codec import load_codec
    from ae_pipeline.codec.archive import ArchiveCodec
    from ae_pipeline.codec.features import FeaturesCodec
    from ae_pipeline.config.job import (
        CompareJob,
        CompressJob,
        DecodeJob,
        EncodeJob,
        EstimateJob,
        FitJob,
        JobConfig,
        VerifyJob,
    )
    from ae_pipeline.config.load import load_job
    from ae_pipeline.errors import AePipelineError
    from ae_pipeline.reading import OpenDataset, open, query
    from ae_pipeline.results.backfill import BackfillReport
    from ae_pipeline.results.comparison import Comparison
    from ae_pipeline.results.compress import CompressReport
    from ae_pipeline.results.dataset import DatasetReport
    from ae_pipeline.results.estimate import Estimate
    from ae_pipeline.results.fit import FitResult
    from ae_pipeline.results.gc import GarbageReport
    from ae_pipeline.results.inspection import Inspection
    from ae_pipeline.verbs import gc, inspect

escape_logs(__name__, visible)

__version__ = "0.1.0"

__all__ = [
    "AePipelineError",
    "ArchiveCodec",
    "BackfillReport",
    "CompareJob",
    "Comparison",
    "CompressJob",
    "CompressReport",
    "DatasetReport",
    "DecodeJob",
    "EncodeJob",
    "Estimate",
    "EstimateJob",
    "FeaturesCodec",
    "FitJob",
    "FitResult",
    "GarbageReport",
    "Inspection",
    "JobConfig",
    "OpenDataset",
    "RowCodec",
    "VerifyJob",
    "backfill",
    "compare",
    "compress",
    "decode",
    "decompress",
    "encode",
    "estimate",
    "features",
    "fit",
    "gc",
    "inspect",
    "load_codec",
    "load_job",
    "open",
    "query",
    "verify",
]

#: Module → the names that come from it, as in the imports above.
_HOMES = {
    "calling": (
        "RowCodec",
        "backfill",
        "compare",
        "compress",
        "decode",
        "decompress",
        "encode",
        "estimate",
        "features",
        "fit",
        "verify",
    ),
    "codec": ("load_codec",),
    "codec.archive": ("ArchiveCodec",),
    "codec.features": ("FeaturesCodec",),
    "config.job": (
        "CompareJob",
        "CompressJob",
        "DecodeJob",
        "EncodeJob",
        "EstimateJob",
        "FitJob",
        "JobConfig",
        "VerifyJob",
    ),
    "config.load": ("load_job",),
    "errors": ("AePipelineError",),
    "results": (
        "BackfillReport",
        "Comparison",
        "CompressReport",
        "DatasetReport",
        "Estimate",
        "FitResult",
        "GarbageReport",
        "Inspection",
    ),
    "reading": ("OpenDataset", "open", "query"),
    "verbs": ("gc", "inspect"),
}
#: Homes of what is a result, or returns one.
_SHOWN = {"calling", "results", "verbs"}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _HOME_OF[name] in _SHOWN:
        import_module(f"{__name__}.report")  # so that results print as tables
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
