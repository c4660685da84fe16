"""Mini-batch training: the resident sample, the compiled loop, when to stop, checkpoints."""

import ae_pipeline.network  # noqa: F401  sets what TensorFlow reads when it is imported
from ae_pipeline.training.data import TrainingData
from ae_pipeline.training.trainer import TrainingResult, train

__all__ = ["TrainingData", "TrainingResult", "train"]
