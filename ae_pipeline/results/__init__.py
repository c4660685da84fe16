"""Results of the verbs: small frozen records that pass between tasks and into reports."""

from ae_pipeline.results.account import ByteAccount, Ratios, StoredBytes
from ae_pipeline.results.backfill import BackfillPlan, BackfillReport, PlannedFragment
from ae_pipeline.results.comparison import ComparedFormat, Comparison
from ae_pipeline.results.compress import CompressReport, Intention
from ae_pipeline.results.dataset import (
    DatasetReport,
    FragmentFailure,
    FragmentResult,
    PartitionReport,
    Proof,
    State,
)
from ae_pipeline.results.drift import DriftReport, PartitionDrift
from ae_pipeline.results.estimate import Estimate, EstimatedColumn, EstimatedOption
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import Candidate, EpochRecord, FitResult, RareColumn, TrainingSummary
from ae_pipeline.results.gc import Garbage, GarbageReport
from ae_pipeline.results.inspection import InspectedColumn, Inspection
from ae_pipeline.results.progress import Progress, ProgressEvent, silent
from ae_pipeline.results.result import Form, Result, register_form

__all__ = [
    "BackfillPlan",
    "BackfillReport",
    "ByteAccount",
    "Candidate",
    "ColumnFidelity",
    "ComparedFormat",
    "Comparison",
    "CompressReport",
    "DatasetReport",
    "DriftReport",
    "EpochRecord",
    "Estimate",
    "EstimatedColumn",
    "EstimatedOption",
    "FitResult",
    "Form",
    "FragmentFailure",
    "FragmentResult",
    "Garbage",
    "GarbageReport",
    "InspectedColumn",
    "Inspection",
    "Intention",
    "PartitionDrift",
    "PartitionReport",
    "PlannedFragment",
    "Progress",
    "ProgressEvent",
    "Proof",
    "RareColumn",
    "Ratios",
    "Result",
    "State",
    "StoredBytes",
    "TrainingSummary",
    "register_form",
    "silent",
]
