"""Names of places: URIs and the paths of their mirrors, and tables with their versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.locations import (
    SESSION_PREFIX,
    Location,
    TableName,
    location_of,
    mirror_of,
    parse,
    parse_table,
    without_version,
)

HOME = f"/tmp/x/{SESSION_PREFIX}0123"  # noqa: S108, a name
NAMES = st.text(min_size=1, max_size=20).filter(lambda text: "/" not in text and text.strip())


@given(st.sampled_from(["s3", "gs", "az", "abfss"]), NAMES, st.lists(NAMES))
def test_mirrors_tell_their_location(scheme: str, bucket: str, parts: list[str]) -> None:
    """Whatever the names are, a local path leads back to the URI."""
    location = Location(scheme, bucket, "/".join(parts))
    assert location_of(mirror_of(HOME, location)) == location


@pytest.mark.parametrize("path", ["/srv/x", "s3/y", f"{HOME}/s3", f"{HOME}/http:/x"])
def test_other_paths_mirror_nothing(path: str) -> None:
    """A path that is not below a session's folder is a file of this machine."""
    assert location_of(path) is None


@pytest.mark.parametrize("text", ["", "x", "/x", "s3:", "s3:/x", "s3://", "http://x/y", "a:b/c"])
def test_other_texts_name_no_location(text: str) -> None:
    """Only a scheme that we know, and a bucket, make a location."""
    assert parse(text) is None


def test_places_lie_below_others() -> None:
    """A prefix ends at a slash: `b/xy` is not below `b/x`."""
    places = [Location("s3", "b", key) for key in ("", "x", "x/y")]
    for number, place in enumerate(places):
        assert [place.is_below(other) for other in places] == [n <= number for n in range(3)]
    assert not Location("s3", "b", "xy").is_below(places[1])
    assert not places[1].is_below(Location("gs", "b", ""))


TABLES = {
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


@pytest.mark.parametrize("text", TABLES)
def test_names_of_tables(text: str) -> None:
    """A version is a number after the last at sign; a name that was parsed is written the same."""
    name = parse_table(text)
    assert name == TABLES[text]
    assert parse_table(str(name)) == name
    assert without_version(text) == TABLES[text].path


@pytest.mark.parametrize("text", ["data/sales", "delta:x", "delta://", "s3://b/x@1", "./delta://x"])
def test_other_places_are_no_tables(text: str) -> None:
    """All else is a path or a URI, and stays as it is."""
    assert parse_table(text) is None
    assert without_version(text) == text
