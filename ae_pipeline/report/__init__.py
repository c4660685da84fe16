"""Results as people and programs read them: tables, sentences, Markdown, HTML and JSON.

One presenter per type of result, found by `present`; importing this registers them all.
"""

from ae_pipeline.report.backfill import BackfillPresenter, PlanPresenter
from ae_pipeline.report.compress import CompressPresenter
from ae_pipeline.report.dataset import DatasetPresenter
from ae_pipeline.report.drift import DriftPresenter
from ae_pipeline.report.errors import failure_lines
from ae_pipeline.report.estimate import ComparisonPresenter, EstimatePresenter
from ae_pipeline.report.fit import FitPresenter
from ae_pipeline.report.forms import as_html, as_json, as_markdown, as_text
from ae_pipeline.report.gc import GarbagePresenter
from ae_pipeline.report.inspection import InspectionPresenter
from ae_pipeline.report.presenter import Presenter, present, presents

__all__ = [
    "BackfillPresenter",
    "ComparisonPresenter",
    "CompressPresenter",
    "DatasetPresenter",
    "DriftPresenter",
    "EstimatePresenter",
    "FitPresenter",
    "GarbagePresenter",
    "InspectionPresenter",
    "PlanPresenter",
    "Presenter",
    "as_html",
    "as_json",
    "as_markdown",
    "as_text",
    "failure_lines",
    "present",
    "presents",
]
