"""Statistics of a source in one pass over its fragments, on the engine of the job."""

from ae_pipeline.fitting.measuring.merging import Merging
from ae_pipeline.fitting.measuring.runs import MeasuredRun, MeasureWork, Run, runs_of

__all__ = ["MeasureWork", "MeasuredRun", "Merging", "Run", "runs_of"]
