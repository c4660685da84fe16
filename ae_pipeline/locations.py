"""Places in object stores: a URI, and the path of its mirror on this machine. And names of tables.

The path tells the URI without a table, in any process: below a session's folder come the scheme,
the bucket and the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What people write before `://`, and the scheme that it means.
SCHEMES = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "azure": "az",
    "abfs": "abfss",
    "abfss": "abfss",
}
#: The beginning of the names of folders that hold mirrors.
SESSION_PREFIX = "ae-objects-"
_URI = re.compile(r"(?P<scheme>[A-Za-z0-9]+)://(?P<bucket>[^/]+)(?:/(?P<key>.*))?", re.DOTALL)
_MIRROR = re.compile(
    rf".*/{SESSION_PREFIX}[^/]+/(?P<scheme>s3|gs|az|abfss):/(?P<bucket>[^/]+)"
    r"(?:/(?P<key>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True)
class Location:
    """A place in an object store.

    Args:
        scheme: s3, gs, az or abfss.
        bucket: or container; with abfss, container@account.
        key: below it, without slashes at its ends; empty for the bucket itself.
    """

    scheme: str
    bucket: str
    key: str

    @property
    def root(self) -> str:
        """The URI of the bucket, without a slash at its end."""
        return f"{self.scheme}://{self.bucket}"

    @property
    def uri(self) -> str:
        """The URI, without a slash at its end."""
        return f"{self.root}/{self.key}" if self.key else self.root

    def is_below(self, other: Location) -> bool:
        """Whether this is another place, or lies in it."""
        return self.root == other.root and f"{self.key}/".startswith(
            f"{other.key}/" if other.key else ""
        )


def parse(text: str) -> Location | None:
    """Return the location that a URI names; None for everything else, such as a local path."""
    found = _URI.fullmatch(text.strip())
    scheme = None if found is None else SCHEMES.get(found["scheme"].lower())
    if found is None or scheme is None:
        return None
    parts = [part for part in (found["key"] or "").split("/") if part]
    return Location(scheme, found["bucket"], "/".join(parts))


def location_of(path: str) -> Location | None:
    """Return the location that a local path mirrors; None if it mirrors none."""
    found = _MIRROR.fullmatch(path)
    if found is None:
        return None
    return Location(found["scheme"], found["bucket"], found["key"] or "")


def mirror_of(home: str, location: Location) -> str:
    """Invert `location_of`.

    Args:
        home: a folder whose name begins with `SESSION_PREFIX`.
        location: to mirror.
    """
    parts = (home, f"{location.scheme}:", location.bucket, location.key)
    return "/".join(part for part in parts if part)


#: Schemes of tables with a log, whose snapshots are read, and the names people know them by.
TABLE_KINDS = {"delta": "Delta", "iceberg": "Iceberg"}
_TABLE = re.compile(
    r"\s*(?P<scheme>delta|iceberg)://(?P<path>.+?)(?:@(?P<version>\d{1,19})|/*)", re.DOTALL | re.I
)


@dataclass(frozen=True)
class TableName:
    """A table with a log of its own, and one snapshot of it.

    Args:
        scheme: delta or iceberg.
        path: of its folder.
        version: of Delta, or id of the snapshot of Iceberg; None for the newest.
    """

    scheme: str
    path: str
    version: int | None = None

    def __str__(self) -> str:
        """Return the name as people write it."""
        if self.version is not None:
            return f"{self.scheme}://{self.path}@{self.version}"
        # A slash keeps the end of such a path from being read as a version.
        end = "/" if re.search(r"@\d+$", self.path) else ""
        return f"{self.scheme}://{self.path}{end}"

    @property
    def kind(self) -> str:
        """Delta or Iceberg."""
        return TABLE_KINDS[self.scheme]


def without_version(text: str) -> str:
    """Return the folder of a table that is named, whatever its version; any other place as is."""
    table = parse_table(text)
    return text if table is None else table.path


def parse_table(text: str) -> TableName | None:
    """Return the table that `delta://PATH@VERSION` names; None for everything else."""
    found = _TABLE.fullmatch(text)
    if found is None:
        return None
    version = None if found["version"] is None else int(found["version"])
    return TableName(found["scheme"].lower(), found["path"], version)
