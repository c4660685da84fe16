"""Networks applied: in floats to find codes, in integers to predict the same bits everywhere."""

from ae_pipeline.coding.network.decoder import (
    SKIP_MAX,
    WEIGHT_MAX,
    IntegerDecoder,
    round_columns,
)
from ae_pipeline.coding.network.matrices import (
    decode_matrix,
    encode_matrix,
    fill_tiles,
    pin_blas_threads,
)
from ae_pipeline.coding.network.passes import ACTIVATION_MAX, ACTIVATION_STEPS, CODE_MAX
from ae_pipeline.coding.network.shape import Architecture, Side, Weights

__all__ = [
    "ACTIVATION_MAX",
    "ACTIVATION_STEPS",
    "CODE_MAX",
    "SKIP_MAX",
    "WEIGHT_MAX",
    "Architecture",
    "IntegerDecoder",
    "Side",
    "Weights",
    "decode_matrix",
    "encode_matrix",
    "fill_tiles",
    "pin_blas_threads",
    "round_columns",
]
