"""One job: the settings behind the command line, the YAML file and the flows' parameters.

`JobConfig` holds every setting. Each verb's subclass marks the settings that the verb requires, so
that one `job.yaml` serves every verb and a deployment's form shows what is required.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ae_pipeline.config._model import Form, Settings
from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.columns import ColumnsConfig, StatisticsConfig
from ae_pipeline.config.effort import Effort
from ae_pipeline.config.network import LatentConfig, NetworkConfig
from ae_pipeline.config.paths import checked_place, checked_source
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.refusal import refusal
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.config.tolerance import Share, ToleranceConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.config.upkeep import DriftConfig, RetentionConfig
from ae_pipeline.locations import parse, parse_table

_SOURCE = (
    "Parquet file, folder or hive-partitioned tree; or a table's snapshot, delta://PATH@VERSION or "
    "iceberg://PATH@SNAPSHOT."
)
#: What a job must say whose source is a table.
NEVER_OF_TABLES = (
    "retention.delete_source: never for a table, because its log names its files (delete rows with "
    "what keeps the table)"
)
#: What a job must say whose sources lie in a store and are to be deleted, and the way around it.
VERSIONS_WANTED = "sources on S3, in a bucket that keeps versions, where they are to be deleted"
ACCEPT_UNVERSIONED = (
    "leave retention.delete_source at never, or accept that they are deleted for good: "
    "retention.unversioned: accept"
)
#: How a codec is fitted, for whoever fits one.
_FITTING = ("network", "planner", "training", "statistics")
_RUN = ("execution", "stores")


class ExecutionConfig(Settings):
    """Concurrency, retries, and permission to overwrite."""

    engine: Literal["auto", "threads", "processes", "dask"] = Field(
        default="auto",
        description="Who works on fragments, and plans them, measures drift and the columns of a "
        "fit. Processes take a second to start and then do not wait for each other; auto starts "
        "them for 4 fragments and 32 MB or more, and for other work that takes as long. dask: the "
        "workers of a Dask cluster, which see the same paths; they train networks, too.",
    )
    dask_address: str | None = Field(
        default=None,
        description="Scheduler of the Dask cluster, as tcp://host:8786. null: that in "
        "DASK_SCHEDULER_ADDRESS, or a cluster of `workers` processes on this machine.",
    )
    workers: int = Field(
        default=2,
        ge=1,
        le=256,
        description="Fragments processed at a time, with a thread each. Where at most half as many "
        "are left, their blocks go in parallel, so that one large file uses all threads.",
    )
    effort: Effort = Field(
        default="small",
        description="How hard encode tries to make an archive small. fast: each column is stored "
        "as was best when the codec was fitted, or in a quicker way that takes a little more. "
        "balanced: ways that were close then are compared, too. small: all are, in every block. "
        "Codecs and readers are the same.",
    )
    fragments_per_task: int | None = Field(
        default=None,
        ge=1,
        description="Fragments per Prefect task; null limits a run to about 100 tasks.",
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Retries after an I/O error; errors of data or settings are never retried.",
    )
    scratch: str | None = Field(
        default=None,
        description="Folder for what is fetched from object stores and not yet sent to them, and "
        "for files of tables in other columns; null: the system's temporary folder. Dask workers "
        "use the same path.",
    )
    page: bool = Field(
        default=True,
        description="Flows end with a page of what they wrote, in its private folder, where the "
        "extra `report` is installed. false: for datasets of so many files that reading their "
        "footers once more takes too long.",
    )
    force: bool = Field(
        default=False,
        description="Redo and overwrite. fit: the codec. encode: every file, with a new codec if "
        "the settings require one. decode: its tables. backfill and compress may also remove more "
        "than a tenth of the dataset.",
    )


class JobConfig(Settings):
    """Every setting of every verb, for one dataset."""

    source: str | None = Field(default=None, description=_SOURCE)
    codec: str | None = Field(default=None, description="Codec directory; fit writes it.")
    features: str | None = Field(
        default=None, description="Features dataset; encode writes it, decode reads it."
    )
    archive: str | None = Field(
        default=None, description="Archive; encode writes it, decode and verify read it."
    )
    decoded: str | None = Field(
        default=None, description="Folder for decoded tables; decode writes it."
    )
    codec_for: Literal["features", "archive"] = Field(
        default="features", description="Kind of dataset that `fit` fits a codec for."
    )
    latent_column: str = Field(
        default="latent", min_length=1, description="Name of the latent column."
    )
    latent: LatentConfig = LatentConfig()
    with_error: bool = Field(
        default=False,
        description="Write the error of each row beside its latents: how odd the row is to the "
        "network, in all and by column.",
    )
    tolerance: ToleranceConfig = ToleranceConfig()
    selection: SelectionConfig = SelectionConfig()
    backfill: BackfillConfig = BackfillConfig()
    columns: ColumnsConfig = ColumnsConfig()
    statistics: StatisticsConfig = StatisticsConfig()
    network: NetworkConfig = NetworkConfig()
    planner: PlannerConfig = PlannerConfig()
    training: TrainingConfig = TrainingConfig()
    drift: DriftConfig = DriftConfig()
    retention: RetentionConfig = RetentionConfig()
    execution: ExecutionConfig = ExecutionConfig()
    stores: dict[str, StoreConfig] = Field(
        default={},
        description="How to reach object stores, by the URI that their paths begin with, such as "
        "s3://bucket. Others are reached as the environment says.",
    )

    @field_validator("source")
    @classmethod
    def _is_a_source(cls, path: str | None) -> str | None:
        return checked_source(path)

    @field_validator("codec", "features", "archive", "decoded")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return checked_place(path)

    @model_validator(mode="after")
    def _deletes_what_comes_back(self) -> "JobConfig":
        """Refuse to delete sources of tables, and of stores whose versions nobody can ask for."""
        if self.retention.delete_source == "never":
            return self
        if parse_table(self.source or "") is not None:
            raise refusal(NEVER_OF_TABLES, self.source)
        location = parse(self.source or "")
        is_known = location is None or location.scheme == "s3"
        if not is_known and self.retention.unversioned == "refuse":
            raise refusal(VERSIONS_WANTED, self.source, ACCEPT_UNVERSIONED)
        return self


class FitJob(JobConfig):
    """Settings of fit; source and codec are required."""

    FORM: ClassVar[Form | None] = Form(
        ("source", "codec", "codec_for", "columns"), ("tolerance", *_FITTING, *_RUN)
    )
    source: str = Field(description=_SOURCE)
    codec: str = Field(description="Codec directory to write.")


class EncodeJob(JobConfig):
    """Settings of encode: the source, and the features or the archive to write.

    Without a codec, encode fits one.
    """

    FORM: ClassVar[Form | None] = Form(
        ("source", "archive", "features", "tolerance", "columns"),
        ("codec", "latent_column", *_FITTING, *_RUN),
    )
    source: str = Field(description=_SOURCE)

    @model_validator(mode="after")
    def _writes_one_thing(self) -> "EncodeJob":
        _require_one(self)
        return self


class BackfillJob(EncodeJob):
    """Settings of backfill: those of encode, and which fragments to write."""

    FORM: ClassVar[Form | None] = Form(
        ("source", "archive", "features", "backfill", "tolerance", "columns"),
        ("codec", "latent_column", *_FITTING, *_RUN),
    )


class CompressJob(EncodeJob):
    """Settings of compress: the source, and the archive to keep up to date with it."""

    FORM: ClassVar[Form | None] = Form(
        ("source", "archive", "tolerance", "columns", "drift", "retention"),
        ("backfill", "codec", *_FITTING, *_RUN),
    )
    source: str = Field(description=_SOURCE)
    archive: str = Field(description="Archive to keep up to date; the first run fits its codec.")


class EstimateJob(JobConfig):
    """Settings of estimate: the source, and the tolerances to forecast."""

    source: str = Field(description=_SOURCE)
    tolerances: tuple[Annotated[Share, Field(gt=0)], ...] = Field(
        default=(0.001, 0.01, 0.05),
        min_length=1,
        description="Fractions of each column's spread, or of `tolerance.kind`; tolerance.rules "
        "apply, too.",
    )


class CompareJob(JobConfig):
    """Settings of compare: the source, its sample, and what an archive of it would have."""

    source: str = Field(description=_SOURCE)
    rows: int = Field(
        default=200_000, ge=1, description="Rows of the sample, spread over the source."
    )


class DecodeJob(JobConfig):
    """Settings of decode: features or an archive to read, and a folder to write.

    With a source, decode compares every value with it.
    """

    FORM: ClassVar[Form | None] = Form(
        ("decoded", "archive", "features", "source", "selection"), ("codec", *_RUN)
    )
    decoded: str = Field(description="Folder for the reconstructed tables.")

    @model_validator(mode="after")
    def _reads_one_thing(self) -> "DecodeJob":
        _require_one(self)
        return self


class VerifyJob(JobConfig):
    """Settings of verify: the archive, and the source to compare every value with."""

    FORM: ClassVar[Form | None] = Form(("archive", "source", "selection"), ("codec", *_RUN))
    archive: str = Field(description="Archive to read.")


class MainJob(FitJob, EncodeJob, DecodeJob):
    """Settings of the main job (fit, encode, decode), with every path they need."""

    FORM: ClassVar[Form | None] = Form(
        ("source", "codec", "features", "decoded", "columns", "network"),
        ("training", "statistics", "latent_column", "selection", *_RUN),
    )
    source: str = Field(description=_SOURCE)
    codec: str = Field(description="Codec directory to write.")
    features: str = Field(description="Features dataset to write.")
    decoded: str = Field(description="Folder for the reconstructed tables.")


def _require_one(job: JobConfig) -> None:
    if job.features is None and job.archive is None:
        raise ValueError("no dataset is named: archive or features is required")
    if job.features is not None and job.archive is not None:
        raise ValueError("archive and features are both named: one of them is required")
