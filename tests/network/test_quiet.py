"""What TensorFlow says of itself stays away from the terminal."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import ae_pipeline.training
import tensorflow as tf
from absl import logging
tf.get_logger().warning("of TensorFlow")
logging.warning("of absl")
tf.function(lambda x: x + 1)(tf.constant(1))
"""


def test_nothing_is_shown() -> None:
    """Importing and using TensorFlow prints nothing, and neither do its loggers."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
