"""The command line: one function for each verb of the library."""

import sys

from ae_pipeline.errors import MissingExtraError
from ae_pipeline.extras import require

__all__ = ["main"]


def main() -> None:
    """Entry point of `ae-pipeline`, which is there even where the extra `cli` is not."""
    try:
        require("ae-pipeline", "typer", "rich")
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    from ae_pipeline.cli.app import main as run_app  # noqa: PLC0415  it needs the extra

    run_app()
