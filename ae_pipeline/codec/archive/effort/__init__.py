"""How hard a block is made small: which ways are tried, by what they took at fit time."""

from ae_pipeline.codec.archive.effort.choice import EVERY_METHOD, WayChoice, choice_of
from ae_pipeline.codec.archive.effort.tally import WayTally

__all__ = ["EVERY_METHOD", "WayChoice", "WayTally", "choice_of"]
