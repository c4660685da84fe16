"""Choose a codec by measured bytes, before anything is written."""

from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.forecast import Effort, Forecast, outlook
from ae_pipeline.planner.linear_fit import fit_predictor
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.planner.sample import SampleBlocks, read_sample

__all__ = [
    "CandidateTrainer",
    "Effort",
    "Forecast",
    "SampleBlocks",
    "fit_predictor",
    "outlook",
    "plan_codec",
    "read_sample",
]
