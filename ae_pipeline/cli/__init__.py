"""The command line: verbs of the library, one function each."""

from ae_pipeline.cli.app import main

__all__ = ["main"]
