"""The verbs, called by paths and keywords.

Each takes what its command takes: paths or URIs in their order, and every key of a job file as a
keyword, `training__epochs=5` or `training={"epochs": 5}`, beside a few short ones. Or it takes a
job. A source may be a frame, that is, a table of Arrow, Polars, pandas or DuckDB.
"""

from __future__ import annotations

from typing import Any, overload  # Any: settings have values of many types

import pyarrow as pa

from ae_pipeline import comparing, verbs
from ae_pipeline.calling.frames import Frame, as_source
from ae_pipeline.calling.jobs import Place, job_of
from ae_pipeline.calling.live_line import followed
from ae_pipeline.calling.packed import Packed, packed, unpacked
from ae_pipeline.calling.row_codec import RowCodec, new_folder
from ae_pipeline.config.job import (
    CompareJob,
    CompressJob,
    DecodeJob,
    EncodeJob,
    EstimateJob,
    FitJob,
    VerifyJob,
)
from ae_pipeline.formats import setting_of
from ae_pipeline.results.backfill import BackfillReport
from ae_pipeline.results.comparison import Comparison
from ae_pipeline.results.compress import CompressReport
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.estimate import Estimate
from ae_pipeline.results.fit import FitResult
from ae_pipeline.results.progress import Progress


def encode(
    source: EncodeJob | Place | Frame | None = None,
    archive: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> DatasetReport:
    """Write a source as an archive: floats within their promised error, all else exactly.

    Example::

        encode("sales", "sales_archive", tolerance=0.001, keep=["*_id"], effort="fast")

    Args:
        source: path or URI, a frame, or a whole job.
        archive: to write.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file; short ones are tolerance, keep, effort, workers and force.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    with as_source(source) as path, followed(progress) as listen:
        job = job_of(EncodeJob, {"source": path, "archive": archive}, config, settings)
        return verbs.encode(job, listen)


def features(
    source: EncodeJob | Place | Frame | None = None,
    features: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> DatasetReport:
    """Write the latent of every row beside the kept columns.

    Example::

        features("sales", "sales_features", codec="sales_codec")

    Args:
        source: path or URI, a frame, or a whole job.
        features: dataset to write.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file, such as codec.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    with as_source(source) as path, followed(progress) as listen:
        job = job_of(EncodeJob, {"source": path, "features": features}, config, settings)
        return verbs.features(job, listen)


@overload
def fit(
    source: Frame,
    codec: None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> RowCodec: ...


@overload
def fit(
    source: FitJob | Place | None = None,
    codec: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> FitResult: ...


def fit(
    source: FitJob | Place | Frame | None = None,
    codec: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> FitResult | RowCodec:
    """Train an autoencoder on a source; of a frame, return the codec itself.

    Example::

        fit("sales", "sales_codec", latent_dim=8, epochs=20)
        codec = fit(table, latent_dim=8)
        latents = codec.encode(table)

    Args:
        source: path or URI, a frame, or a whole job.
        codec: folder to write; None for a frame.
        config: job file that the other arguments override.
        progress: called while measuring and training; by itself, a line in notebooks.
        **settings: keys of a job file; short ones are latent_dim, epochs, keep and force.

    Raises:
        AePipelineError: the source, settings or destination cannot be used, or training diverged.
    """
    if not isinstance(source, Frame) or codec is not None:
        with as_source(source) as path, followed(progress) as listen:
            job = job_of(FitJob, {"source": path, "codec": codec}, config, settings)
            return verbs.fit(job, listen)
    folder = new_folder()
    with as_source(source) as path, followed(progress) as listen:
        job = job_of(FitJob, {"source": path, "codec": folder}, config, settings)
        made = RowCodec(folder, job.latent_column)
        verbs.fit(job, listen)
    return made


def decode(
    dataset: DecodeJob | Place | None = None,
    decoded: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> DatasetReport:
    """Write the tables of an archive or of features, with the source's schema and row order.

    Example::

        decode("sales_archive", "sales_decoded", source="sales")

    Args:
        dataset: path or URI of an archive or of features, or a whole job.
        decoded: folder to write.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file; with source, every value is compared.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    key = "archive"
    if dataset is not None and not isinstance(dataset, DecodeJob):
        key = setting_of(str(dataset), "features")
    job = job_of(DecodeJob, {key: dataset, "decoded": decoded}, config, settings)
    with followed(progress) as listen:
        return verbs.decode(job, listen)


def verify(
    archive: VerifyJob | Place | None = None,
    source: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> DatasetReport:
    """Decode every block of an archive without writing it; compare every value with a source.

    Example::

        verify("sales_archive", "sales")

    Args:
        archive: path or URI, or a whole job.
        source: to compare with; None to check the archive alone.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    job = job_of(VerifyJob, {"archive": archive, "source": source}, config, settings)
    with followed(progress) as listen:
        return verbs.verify(job, listen)


@overload
def compress(
    source: Frame,
    archive: None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> bytes: ...


@overload
def compress(
    source: CompressJob | Place | None = None,
    archive: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> CompressReport: ...


def compress(
    source: CompressJob | Place | Frame | None = None,
    archive: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> CompressReport | bytes:
    """Encode what is new, read it back and compare every value; a frame becomes bytes.

    Example::

        compress("sales", "sales_archive", tolerance=0.01)  # every night
        content = compress(table, tolerance=0.01)           # for decompress, or a file of your own

    Args:
        source: path or URI, a frame, or a whole job.
        archive: to keep up to date; None for a frame.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report; a frame
            has none, and fails as a whole.
    """
    with as_source(source) as path, followed(progress) as listen:
        if isinstance(source, Frame) and archive is None:
            return packed(str(path), config, settings, listen)
        job = job_of(CompressJob, {"source": path, "archive": archive}, config, settings)
        return verbs.compress(job, listen)


def decompress(content: Packed) -> pa.Table:
    """Return the table that `compress` made bytes of: its rows in their order, and its schema.

    Types are those that Parquet has: seconds become milliseconds.

    Example::

        Path("orders.zip").write_bytes(compress(table, tolerance=0.0))
        table = decompress(Path("orders.zip").read_bytes())

    Args:
        content: the bytes; a zip of an archive, which can also be unpacked and opened.

    Raises:
        CorruptFragmentError: they are no such table, or damaged.
        AePipelineError: the archive in them cannot be read.
    """
    return unpacked(content)


def backfill(
    source: EncodeJob | Place | None = None,
    dataset: Place | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> BackfillReport:
    """Bring an archive or features up to date with the selected partitions of a source.

    Example::

        backfill("sales", "sales_archive", where="year >= 2024")

    Args:
        source: path or URI, or a whole job.
        dataset: archive or features; a new one is an archive.
        config: job file that the other arguments override.
        progress: called after every fragment; by itself, a line in notebooks.
        **settings: keys of a job file; where is a short one.

    Raises:
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    key = setting_of(None if dataset is None else str(dataset), "archive")
    job = job_of(EncodeJob, {"source": source, key: dataset}, config, settings)
    with followed(progress) as listen:
        return verbs.backfill(job, listen)


def compare(
    source: CompareJob | Place | Frame | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Comparison:
    """Store a sample of a source in several formats and as an archive, and measure each.

    Example::

        compare("sales", tolerance=0.01)

    Args:
        source: path or URI, a frame, or a whole job.
        config: job file that the other arguments override.
        progress: called before each format; by itself, a line in notebooks.
        **settings: keys of a job file, and rows, of the sample.

    Raises:
        AePipelineError: the source or a setting cannot be used.
    """
    with as_source(source) as path, followed(progress) as listen:
        job = job_of(CompareJob, {"source": path}, config, settings)
        return comparing.compare(job, listen)


def estimate(
    source: EstimateJob | Place | Frame | None = None,
    *,
    config: Place | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Estimate:
    """Forecast an archive of a source from a sample, without writing anything.

    Example::

        estimate("sales", tolerance=0.01)

    Args:
        source: path or URI, a frame, or a whole job.
        config: job file that the other arguments override.
        progress: called while measuring; by itself, a line in notebooks.
        **settings: keys of a job file.

    Raises:
        AePipelineError: the source or a setting cannot be used.
    """
    with as_source(source) as path, followed(progress) as listen:
        return verbs.estimate(job_of(EstimateJob, {"source": path}, config, settings), listen)
