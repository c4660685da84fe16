"""One job: the settings behind the command line, the YAML file and the flows' parameters.

`JobConfig` holds every setting. Each verb narrows it to what that verb cannot do without, so one
`job.yaml` serves fit, encode and decode, and a deployment's form marks what is required.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ae_pipeline.config._model import Settings
from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.config.columns import ColumnsConfig, StatisticsConfig
from ae_pipeline.config.network import NetworkConfig
from ae_pipeline.config.paths import local_path
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.config.tolerance import Share, ToleranceConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.config.upkeep import DriftConfig, RetentionConfig


class ExecutionConfig(Settings):
    """How the work is spread and what may be overwritten."""

    workers: int = Field(default=2, ge=1, le=256, description="Fragments worked on at a time.")
    fragments_per_task: int | None = Field(
        default=None,
        ge=1,
        description="Fragments in one Prefect task; null chooses so that a run has at most about "
        "100 tasks.",
    )
    retries: int = Field(
        default=2, ge=0, le=10, description="Attempts after an I/O error; data errors never retry."
    )
    force: bool = Field(
        default=False,
        description="Do it again, over what is there. fit: the codec. encode: every file, with "
        "another codec where the settings ask for one. decode: its tables. backfill and compress "
        "may remove more than a tenth of the dataset.",
    )


class JobConfig(Settings):
    """Everything one dataset's fit, encode and decode need to know."""

    source: str | None = Field(
        default=None, description="Parquet file, folder or hive-partitioned tree."
    )
    codec: str | None = Field(default=None, description="Codec directory; fit writes it.")
    features: str | None = Field(
        default=None, description="Features dataset; encode writes it, decode reads it."
    )
    archive: str | None = Field(
        default=None, description="Archive; encode writes it, decode and verify read it."
    )
    decoded: str | None = Field(default=None, description="Where decode writes its tables.")
    codec_for: Literal["features", "archive"] = Field(
        default="features", description="The kind of dataset that `fit` fits a codec for."
    )
    latent_column: str = Field(
        default="latent", min_length=1, description="Name of the latent column."
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

    @field_validator("source", "codec", "features", "archive", "decoded")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return local_path(path)


class FitJob(JobConfig):
    """Settings of fit: source and codec are required."""

    source: str = Field(description="Parquet file, folder or hive-partitioned tree.")
    codec: str = Field(description="Codec directory to write.")


class EncodeJob(JobConfig):
    """Settings of encode: the source, and features or an archive to write.

    A codec is fitted if none is given.
    """

    source: str = Field(description="Parquet file, folder or hive-partitioned tree.")

    @model_validator(mode="after")
    def _writes_one_thing(self) -> "EncodeJob":
        _require_one(self)
        return self


class CompressJob(EncodeJob):
    """Settings of compress: the source, and the archive that is kept up to date with it."""

    source: str = Field(description="Parquet file, folder or hive-partitioned tree.")
    archive: str = Field(description="Archive to keep up to date; a codec is fitted at first.")


class EstimateJob(JobConfig):
    """Settings of estimate: the source, and the tolerances to tell about."""

    source: str = Field(description="Parquet file, folder or hive-partitioned tree.")
    tolerances: tuple[Annotated[Share, Field(gt=0)], ...] = Field(
        default=(0.001, 0.01, 0.05),
        min_length=1,
        description="A part of each column's spread, or of `tolerance.kind`; tolerance.rules hold "
        "as well.",
    )


class DecodeJob(JobConfig):
    """Settings of decode: features or an archive to read, and where to; errors need the source."""

    decoded: str = Field(description="Folder to write the reconstructed tables to.")

    @model_validator(mode="after")
    def _reads_one_thing(self) -> "DecodeJob":
        _require_one(self)
        return self


class VerifyJob(JobConfig):
    """Settings of verify: the archive, and the source to compare every value with."""

    archive: str = Field(description="Archive to read.")


class MainJob(FitJob, EncodeJob, DecodeJob):
    """Settings of the main job: fit, encode, decode, and every path they need."""

    source: str = Field(description="Parquet file, folder or hive-partitioned tree.")
    codec: str = Field(description="Codec directory to write.")
    features: str = Field(description="Features dataset to write.")
    decoded: str = Field(description="Folder to write the reconstructed tables to.")


def _require_one(job: JobConfig) -> None:
    if job.features is None and job.archive is None:
        raise ValueError("no dataset is named: archive or features is required")
    if job.features is not None and job.archive is not None:
        raise ValueError("archive and features are both named: one of them is required")
