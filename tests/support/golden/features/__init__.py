"""Golden cases of features."""

from tests.support.golden.features.bends import (
    features_case,
    int8_case,
    rounded_case,
    worded_case,
)
from tests.support.golden.features.kinds import kinds_case

__all__ = ["features_case", "int8_case", "kinds_case", "rounded_case", "worded_case"]
