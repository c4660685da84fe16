"""Paths are local: one that names a store elsewhere is refused before it becomes a folder `s3:`."""

from __future__ import annotations

import os
import re

from pydantic_core import PydanticCustomError

from ae_pipeline.errors import ConfigError

#: Schemes that nobody means as the first folder of a local path.
_STORES = (
    "abfs|abfss|adl|alluxio|az|azure|cos|cosn|dbfs|file|ftp|ftps|gcs|gdrive|git|github|gs|hdfs|hf|"
    "http|https|jdbc|jfs|lakefs|memory|minio|nfs|o3fs|obs|oci|ofs|oss|r2|s3|s3a|s3n|scp|sftp|smb|"
    "ssh|swift|tos|viewfs|wasb|wasbs|webdav|webhdfs"
)
_SCHEME = r"\s*(?:[A-Za-z][\w+.-]*::)*"
_REMOTE = re.compile(rf"{_SCHEME}(?:(?P<any>[A-Za-z][\w+.-]*)://|(?P<known>{_STORES}):)", re.I)
_FILE = re.compile(r"\s*file:(?://(?:localhost)?)?(?P<path>/.*)", re.I | re.S)


def fault_of(path: str) -> str:
    """What a path should have been; empty if it is a local one.

    A colon alone does not matter: `a:b/c` and `C=12:30` are local.
    """
    found = _REMOTE.match(path)
    if found is None:
        return ""
    file = _FILE.fullmatch(path)
    if file is not None:
        return f"a plain path, {file['path']} without file:"
    scheme = found["any"] or found["known"]
    return (
        f"a local path, since {scheme}: is not read or written: copy or mount it and name that "
        f"(a local folder of that name is ./{path.strip()})"
    )


def local_path(path: str | None) -> str | None:
    """A setting as a path, with `~` resolved; absolute where Arrow would take it for a URI.

    Raises:
        ValueError: it is empty.
        PydanticCustomError: it names a store elsewhere.
    """
    if path is None:
        return None
    if path == "":
        raise ValueError("a path cannot be empty")
    fault = fault_of(path)
    if fault:
        raise PydanticCustomError("local_path", "Input should be {fault}", {"fault": fault})
    return _no_uri(os.path.expanduser(path))


def argument_path(path: str, where: str) -> str:
    """As `local_path`, for an argument that is no setting.

    Raises:
        ConfigError: it names a store elsewhere.
    """
    fault = fault_of(path)
    if fault:
        raise ConfigError("not a local path", where=where, expected=fault, got=repr(path))
    return _no_uri(path)


def _no_uri(path: str) -> str:
    """Absolute if it begins like a URI: Arrow opens `a:b/c` as `c` of a file system `a`."""
    return os.path.abspath(path) if ":" in path.split("/", maxsplit=1)[0] else path
