"""Settings: one pydantic schema for YAML files, the command line and deployment parameters."""

from ae_pipeline.config.columns import ColumnsConfig, StatisticsConfig
from ae_pipeline.config.job import (
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
from ae_pipeline.config.network import Activation, Design, Initializer, NetworkConfig
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.selection import SelectionConfig
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.config.training import TrainingConfig

__all__ = [
    "Activation",
    "ColumnsConfig",
    "DecodeJob",
    "Design",
    "EncodeJob",
    "EstimateJob",
    "ExecutionConfig",
    "FitJob",
    "Initializer",
    "JobConfig",
    "MainJob",
    "NetworkConfig",
    "PlannerConfig",
    "SelectionConfig",
    "StatisticsConfig",
    "ToleranceConfig",
    "ToleranceRule",
    "TrainingConfig",
    "VerifyJob",
    "load_job",
    "parse_setting",
]
