"""Formats on a sample of one's own data, measured in one run."""

from ae_pipeline.comparing.compare import compare
from ae_pipeline.comparing.presenter import ComparisonPresenter

__all__ = ["ComparisonPresenter", "compare"]
