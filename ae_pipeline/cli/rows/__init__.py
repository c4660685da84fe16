"""Rows on the command line: the verbs that print them, and the forms that they take."""

from ae_pipeline.cli.rows.verbs import cat, head, query

__all__ = ["cat", "head", "query"]
