"""Packages that only some installations have, and what to say where one is missing.

A reader needs none of them. Whoever does looks with `require` first and imports late.
"""

from __future__ import annotations

from importlib.util import find_spec

from ae_pipeline.errors import MissingExtraError

#: Which extra of pyproject.toml brings a package, by the name it is imported by.
EXTRA_OF = {
    "tensorflow": "train",
    "keras": "train",
    "prefect": "flows",
    "rich": "cli",
    "boto3": "cloud",
    "deltalake": "delta",
    "distributed": "dask",
    "duckdb": "query",
    "matplotlib": "report",
    "obstore": "cloud",
    "polars": "query",
    "pyiceberg": "iceberg",
    "sqlglot": "cli",
    "typer": "cli",
}


def require(purpose: str, *packages: str, or_else: str = "") -> None:
    """Look for packages without importing them.

    Args:
        purpose: what needs them, for the message.
        packages: keys of `EXTRA_OF`, all of one extra.
        or_else: how to do without them, as an imperative.

    Raises:
        MissingExtraError: one is not installed; the message has the command that installs it.
    """
    absent = [name for name in packages if find_spec(name) is None]
    if absent:
        install = f'pip install "ae-pipeline[{EXTRA_OF[absent[0]]}]"'
        raise MissingExtraError(
            f"{purpose} needs packages that are not installed",
            where=", ".join(absent),
            remedy=f"{install}, or {or_else}" if or_else else install,
        )
