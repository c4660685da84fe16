"""Pictures as inline SVG: drawn by matplotlib, coloured by the page's style sheet."""

from ae_pipeline.pages.drawing.axes import (
    bar_labels,
    date_labels,
    distinct_labels,
    label_columns,
    no_frame,
    shortened,
)
from ae_pipeline.pages.drawing.colours import Colour
from ae_pipeline.pages.drawing.picture import Picture, drawing
from ae_pipeline.pages.drawing.standalone import standalone

__all__ = [
    "Colour",
    "Picture",
    "bar_labels",
    "date_labels",
    "distinct_labels",
    "drawing",
    "label_columns",
    "no_frame",
    "shortened",
    "standalone",
]
