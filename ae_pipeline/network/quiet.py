"""Keep from the terminal what TensorFlow says of itself: nobody can act on it."""

from __future__ import annotations

import logging

_LOGGERS = ("tensorflow", "absl")


def mute() -> None:
    """Log no warnings of TensorFlow and absl; call it once they are imported."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
