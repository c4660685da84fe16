"""Formats on a sample of one's own data, measured in one run."""

from ae_pipeline.comparing.compare import compare

__all__ = ["compare"]
