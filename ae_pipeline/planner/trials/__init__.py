"""Trials of shapes: one network trained and measured, or several beside one another."""

from ae_pipeline.planner.trials.ahead import TrialsAhead
from ae_pipeline.planner.trials.work import Shape, TrialWork

__all__ = ["Shape", "TrialWork", "TrialsAhead"]
