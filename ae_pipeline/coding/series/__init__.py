"""A column as a curve through its rows: coarse levels first, finer ones predicted from them."""

from ae_pipeline.coding.series.choice import pack_series
from ae_pipeline.coding.series.stream import Series, unpack_series

__all__ = ["Series", "pack_series", "unpack_series"]
