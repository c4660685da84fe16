"""The autoencoder in Keras: built, initialised, weights in and out. It loads TensorFlow."""

import os

# Read by Keras and TensorFlow when they are imported. One thread per operation, because matrices
# of a mini-batch are too small to share; with it and without oneDNN's reordered sums, results are
# the same whatever the number of cores.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its errors are raised as well
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

from ae_pipeline.network.initialization import initial_weights, with_logits
from ae_pipeline.network.model import (
    build_autoencoder,
    build_encoder,
    build_halves,
    get_weights,
    set_weights,
    weight_names,
)
from ae_pipeline.network.quiet import mute

mute()

__all__ = [
    "build_autoencoder",
    "build_encoder",
    "build_halves",
    "get_weights",
    "initial_weights",
    "set_weights",
    "weight_names",
    "with_logits",
]
