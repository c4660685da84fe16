"""How fragments are worked on where that does not matter to a test."""

from __future__ import annotations

from ae_pipeline.config.job import ExecutionConfig

ALONE = ExecutionConfig(workers=1)
