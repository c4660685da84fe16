"""Numbers to numbers and numbers to bytes: grids, predictions, contexts and entropy coding."""

from ae_pipeline.coding.column.streams import (
    LINEAR_METHODS,
    NETWORK_METHODS,
    ColumnStreams,
    Method,
)
from ae_pipeline.coding.contexts import pack_contexts, unpack_contexts
from ae_pipeline.coding.entropy import (
    pack_each,
    pack_integers,
    pack_numbers,
    unpack_each,
    unpack_integers,
    unpack_numbers,
)
from ae_pipeline.coding.float_network import (
    decode_matrix,
    encode_matrix,
    fill_tiles,
    pin_blas_threads,
)
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
    CONTEXT_BITS,
    MOST_TERMS,
    LinearPrediction,
    LinearPredictor,
    context_values,
    nearest_cells,
    source_cells,
)
from ae_pipeline.coding.mapped_streams import MappedStreams, State, SubStream
from ae_pipeline.coding.network_shape import Architecture, Side, Weights
from ae_pipeline.coding.promise import Promise, decade_of
from ae_pipeline.coding.quantization import (
    MANY_EXACT,
    Quantizer,
    breaks_promise,
    dequantize,
    from_units,
    quantize,
)
from ae_pipeline.coding.row_sets import (
    MODELLED_VALIDITY,
    pack_positions,
    pack_validity,
    unpack_positions,
    unpack_validity,
)
from ae_pipeline.coding.series import Series, pack_series, unpack_series
from ae_pipeline.coding.streams import BlockStreams, read_block
from ae_pipeline.coding.varint import Reader, prefixed, varint
from ae_pipeline.coding.vectors import (
    MOST_NUMBERS,
    MOST_SHARED,
    VectorStreams,
    cosine_similarity,
    keeps_cosine,
    pack_shared,
)

__all__ = [
    "ACTIVATION_MAX",
    "ACTIVATION_STEPS",
    "BIAS_MAX",
    "CODE_MAX",
    "CONTEXT_BITS",
    "LARGEST_UNIT",
    "LINEAR_METHODS",
    "MANY_EXACT",
    "MODELLED_VALIDITY",
    "MOST_EXPONENT",
    "MOST_NUMBERS",
    "MOST_PLACES",
    "MOST_SHARED",
    "MOST_SIGNIFICAND",
    "MOST_TERMS",
    "NETWORK_METHODS",
    "SKIP_MAX",
    "Architecture",
    "BlockStreams",
    "ColumnStreams",
    "DecimalGrid",
    "FloatingGrid",
    "Grid",
    "IntegerDecoder",
    "LinearGrid",
    "LinearPrediction",
    "LinearPredictor",
    "MappedStreams",
    "Method",
    "Promise",
    "Quantizer",
    "Reader",
    "Series",
    "Side",
    "State",
    "SubStream",
    "VectorStreams",
    "Weights",
    "breaks_promise",
    "context_values",
    "cosine_similarity",
    "decade_of",
    "decode_matrix",
    "dequantize",
    "encode_matrix",
    "fill_tiles",
    "from_units",
    "keeps_cosine",
    "nearest_cells",
    "pack_contexts",
    "pack_each",
    "pack_integers",
    "pack_numbers",
    "pack_positions",
    "pack_series",
    "pack_shared",
    "pack_validity",
    "pin_blas_threads",
    "prefixed",
    "quantize",
    "read_block",
    "round_columns",
    "source_cells",
    "unpack_contexts",
    "unpack_each",
    "unpack_integers",
    "unpack_numbers",
    "unpack_positions",
    "unpack_series",
    "unpack_validity",
    "varint",
]
