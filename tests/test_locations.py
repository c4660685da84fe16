"""Names of tables: what people write is what is read, and what is told can be written again."""

from __future__ import annotations

import pytest

from ae_pipeline.locations import TableName, parse_table, without_version

NAMES = {
    "delta://data/sales": TableName("delta", "data/sales"),
    "delta://data/sales/": TableName("delta", "data/sales"),
    "delta:///srv/sales@12": TableName("delta", "/srv/sales", 12),
    "DELTA://x@0": TableName("delta", "x", 0),
    "iceberg://x@3773774083929643396": TableName("iceberg", "x", 3773774083929643396),
    "delta://a@5/b": TableName("delta", "a@5/b"),
    "delta://a@5/": TableName("delta", "a@5"),
    "delta://a@5@7": TableName("delta", "a@5", 7),
    "delta://a@latest": TableName("delta", "a@latest"),
}


@pytest.mark.parametrize("text", NAMES)
def test_names_of_tables(text: str) -> None:
    """A version is a number after the last at sign; a name that was parsed is written the same."""
    name = parse_table(text)
    assert name == NAMES[text]
    assert parse_table(str(name)) == name
    assert without_version(text) == NAMES[text].path


@pytest.mark.parametrize("text", ["data/sales", "delta:x", "delta://", "s3://b/x@1", "./delta://x"])
def test_other_places(text: str) -> None:
    """All else is a path or a URI, and stays as it is."""
    assert parse_table(text) is None
    assert without_version(text) == text
