"""Places are local paths or URIs of object stores; others never become a local folder `hdfs:`."""

from __future__ import annotations

import os
import re
from dataclasses import replace

from pydantic_core import PydanticCustomError

from ae_pipeline.errors import ConfigError
from ae_pipeline.locations import SCHEMES, TableName, parse, parse_table

#: URL schemes that nobody uses as the first folder of a local path.
_STORES = (
    "abfs|abfss|adl|alluxio|az|azure|cos|cosn|dbfs|file|ftp|ftps|gcs|gdrive|git|github|gs|hdfs|hf|"
    "http|https|jdbc|jfs|lakefs|memory|minio|nfs|o3fs|obs|oci|ofs|oss|r2|s3|s3a|s3n|scp|sftp|smb|"
    "ssh|swift|tos|viewfs|wasb|wasbs|webdav|webhdfs"
)
_SCHEME = r"\s*(?:[A-Za-z][\w+.-]*::)*"
_REMOTE = re.compile(rf"{_SCHEME}(?:(?P<any>[A-Za-z][\w+.-]*)://|(?P<known>{_STORES}):)", re.I)
_FILE = re.compile(r"\s*file:(?://(?:localhost)?)?(?P<path>/.*)", re.I | re.S)


def fault_of(path: str) -> str:
    """The expected form of a place that is neither local nor in a store we know; else empty.

    A colon alone is allowed: `a:b/c` and `C=12:30` are local.
    """
    if parse(path) is not None:
        return ""
    table = parse_table(path)
    if table is not None:
        return f"a local path or {_known()}, because {table.scheme}:// names a table to read from"
    found = _REMOTE.match(path)
    if found is None:
        return ""
    file = _FILE.fullmatch(path)
    if file is not None:
        return f"a plain path, {file['path']} without file:"
    scheme = found["any"] or found["known"]
    if scheme.lower() in SCHEMES and "::" not in path:
        return f"{SCHEMES[scheme.lower()]}://BUCKET/KEY (or ./{path.strip()} for a local folder)"
    return (
        f"a local path or {_known()}, because {scheme}: is not supported: copy or mount it "
        f"(for a local folder of that name write ./{path.strip()})"
    )


def _known() -> str:
    return ", ".join(f"{scheme}://" for scheme in dict.fromkeys(SCHEMES.values()))


def checked_place(path: str | None) -> str | None:
    """The place in a setting: a URI as we write it, or a path with `~` expanded.

    A path is made absolute if Arrow would read it as a URI.

    Raises:
        ValueError: it is empty.
        PydanticCustomError: it is the URL of something else.
    """
    if path is None:
        return None
    if path == "":
        raise ValueError("a path cannot be empty")
    fault = fault_of(path)
    if fault:
        raise PydanticCustomError("place", "Input should be {fault}", {"fault": fault})
    return _normal(os.path.expanduser(path))


def checked_source(path: str | None) -> str | None:
    """Like `checked_place`, for what is only read: it may be a table, `delta://PATH@VERSION`."""
    table = None if path is None else parse_table(path)
    if table is None:
        return checked_place(path)
    fault = fault_of_table(table)
    if fault:
        raise PydanticCustomError("place", "Input should be {fault}", {"fault": fault})
    return _normal_table(table)


def fault_of_table(table: TableName) -> str:
    """The expected form of a table that does not lie on this machine; else empty."""
    if parse(table.path) is None and _REMOTE.match(table.path) is None:
        return ""
    return (
        f"{table.scheme}://PATH with a local path, because a table in an object store cannot be "
        "read yet: export its snapshot as Parquet files, and name their folder"
    )


def argument_source(path: str, where: str) -> str:
    """Like `argument_place`, for what is only read: it may be a table."""
    table = parse_table(path)
    if table is None:
        return argument_place(path, where)
    fault = fault_of_table(table)
    if fault:
        raise ConfigError("not a place", where=where, expected=fault, got=repr(path))
    return _normal_table(table)


def _normal_table(table: TableName) -> str:
    return str(replace(table, path=os.path.expanduser(table.path)))


def argument_place(path: str, where: str) -> str:
    """Like `checked_place`, for an argument that is not a setting.

    Raises:
        ConfigError: it is the URL of something else.
    """
    fault = fault_of(path)
    if fault:
        raise ConfigError("not a place", where=where, expected=fault, got=repr(path))
    return _normal(path)


def _normal(path: str) -> str:
    """A URI as we write it; a path that begins like one is absolute.

    Arrow opens `a:b/c` as `c` of a file system `a`.
    """
    location = parse(path)
    if location is not None:
        return location.uri
    return os.path.abspath(path) if ":" in path.split("/", maxsplit=1)[0] else path
