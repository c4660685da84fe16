"""The id of a codec: a hash of everything that decides what is written and decoded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any  # JSON trees

import numpy as np
from jaxtyping import Shaped


def content_id(
    tree: dict[str, Any], arrays: Iterable[tuple[str, Shaped[np.ndarray, "..."]]]
) -> str:
    """First 20 hex digits of SHA-256 over canonical JSON and the labelled bytes of every array.

    Args:
        tree: content without the weights.
        arrays: label and little-endian values of each; a label tells its name and shape.
    """
    digest = hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode())
    for label, array in arrays:
        digest.update(label.encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:20]
