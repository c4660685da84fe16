"""The archive: every value within its promised error, kept columns still queryable."""

from ae_pipeline.archive.coder import BLOCK_COLUMN, ArchiveCoder, archive_schema

__all__ = ["BLOCK_COLUMN", "ArchiveCoder", "archive_schema"]
