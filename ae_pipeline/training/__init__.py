"""Mini-batch training: resident sample, objectives, compiled loop, stopping, checkpoints."""

import ae_pipeline.network  # noqa: F401  sets what TensorFlow reads when it is imported
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.fits import RateResult, train_rate, train_reconstruction
from ae_pipeline.training.trainer import TrainingResult

__all__ = [
    "RateResult",
    "TrainingData",
    "TrainingResult",
    "train_rate",
    "train_reconstruction",
]
