"""Settings: one pydantic schema for YAML files, the command line and deployment parameters."""

from ae_pipeline.config.backfill import BackfillConfig, FragmentState, Selectable
from ae_pipeline.config.columns import ColumnsConfig, StatisticsConfig
from ae_pipeline.config.job import (
    BackfillJob,
    CompressJob,
    DecodeJob,
    EncodeJob,
    EstimateJob,
    ExecutionConfig,
    FitJob,
    JobConfig,
    MainJob,
    VerifyJob,
)
from ae_pipeline.config.load import load_job, parse_setting
from ae_pipeline.config.network import Activation, Design, Initializer, LatentConfig, NetworkConfig
from ae_pipeline.config.paths import argument_place
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.config.upkeep import DriftAction, DriftConfig, RetentionConfig

__all__ = [
    "Activation",
    "BackfillConfig",
    "BackfillJob",
    "ColumnsConfig",
    "CompressJob",
    "DecodeJob",
    "Design",
    "DriftAction",
    "DriftConfig",
    "EncodeJob",
    "EstimateJob",
    "ExecutionConfig",
    "FitJob",
    "FragmentState",
    "Initializer",
    "JobConfig",
    "LatentConfig",
    "MainJob",
    "NetworkConfig",
    "PlannerConfig",
    "RetentionConfig",
    "Selectable",
    "SelectionConfig",
    "StatisticsConfig",
    "ToleranceConfig",
    "ToleranceRule",
    "TrainingConfig",
    "VerifyJob",
    "argument_place",
    "load_job",
    "parse_setting",
]
