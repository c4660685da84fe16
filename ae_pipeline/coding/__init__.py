"""Numbers to numbers and numbers to bytes: grids, predictions, contexts and entropy coding."""

from ae_pipeline.coding.contexts import pack_classes, unpack_classes
from ae_pipeline.coding.entropy import pack_integers, pack_numbers, unpack_integers, unpack_numbers
from ae_pipeline.coding.float_network import decode_matrix, encode_matrix, pin_blas_threads
from ae_pipeline.coding.grids import (
    LARGEST_UNIT,
    MOST_EXPONENT,
    MOST_PLACES,
    MOST_SIGNIFICAND,
    DecimalGrid,
    FloatingGrid,
    Grid,
    LinearGrid,
)
from ae_pipeline.coding.integer_decoder import (
    ACTIVATION_MAX,
    ACTIVATION_STEPS,
    CODE_MAX,
    SKIP_MAX,
    IntegerDecoder,
    round_columns,
)
from ae_pipeline.coding.linear_prediction import (
    BIAS_MAX,
    HINT_BITS,
    MOST_TERMS,
    LinearPredictor,
    bounded,
    cells_near,
    hints_near,
)
from ae_pipeline.coding.network_shape import Architecture, Side, Weights
from ae_pipeline.coding.promise import Promise, decade_of
from ae_pipeline.coding.quantization import (
    Quantizer,
    breaks_promise,
    dequantize,
    promises_of,
    quantize,
)
from ae_pipeline.coding.row_sets import (
    pack_positions,
    pack_validity,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.coding.streams import BlockStreams, ColumnStreams, Method, read_block
from ae_pipeline.coding.varint import Reader, varint

__all__ = [
    "ACTIVATION_MAX",
    "ACTIVATION_STEPS",
    "BIAS_MAX",
    "CODE_MAX",
    "HINT_BITS",
    "LARGEST_UNIT",
    "MOST_EXPONENT",
    "MOST_PLACES",
    "MOST_SIGNIFICAND",
    "MOST_TERMS",
    "SKIP_MAX",
    "Architecture",
    "BlockStreams",
    "ColumnStreams",
    "DecimalGrid",
    "FloatingGrid",
    "Grid",
    "IntegerDecoder",
    "LinearGrid",
    "LinearPredictor",
    "Method",
    "Promise",
    "Quantizer",
    "Reader",
    "Side",
    "Weights",
    "bounded",
    "breaks_promise",
    "cells_near",
    "decade_of",
    "decode_matrix",
    "dequantize",
    "encode_matrix",
    "hints_near",
    "pack_classes",
    "pack_integers",
    "pack_numbers",
    "pack_positions",
    "pack_validity",
    "pin_blas_threads",
    "promises_of",
    "quantize",
    "read_block",
    "round_columns",
    "unpack_classes",
    "unpack_integers",
    "unpack_numbers",
    "unpack_positions",
    "unpack_validity",
    "varint",
]
