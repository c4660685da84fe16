"""The command line: one function for each verb of the library."""

from ae_pipeline.cli.app import main

__all__ = ["main"]
