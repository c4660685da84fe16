"""Find fragments that repeat the rows of others, and choose those that a codec keeps."""

from ae_pipeline.table_fit.repeats.choice import choose_references
from ae_pipeline.table_fit.repeats.hints import add_hints
from ae_pipeline.table_fit.repeats.keys import find_key

__all__ = ["add_hints", "choose_references", "find_key"]
