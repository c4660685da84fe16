"""Paths are local: a remote URL is refused before it becomes a local folder named `s3:`."""

from __future__ import annotations

import os
import re

from pydantic_core import PydanticCustomError

from ae_pipeline.errors import ConfigError

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
    """The expected form of a path that is not local; empty if it is.

    A colon alone is allowed: `a:b/c` and `C=12:30` are local.
    """
    found = _REMOTE.match(path)
    if found is None:
        return ""
    file = _FILE.fullmatch(path)
    if file is not None:
        return f"a plain path, {file['path']} without file:"
    scheme = found["any"] or found["known"]
    return (
        f"a local path, because {scheme}: is not supported: copy or mount it "
        f"(for a local folder of that name write ./{path.strip()})"
    )


def local_path(path: str | None) -> str | None:
    """The path in a setting, with `~` expanded; absolute if Arrow would read it as a URI.

    Raises:
        ValueError: it is empty.
        PydanticCustomError: it is a remote URL.
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
    """Like `local_path`, for an argument that is not a setting.

    Raises:
        ConfigError: it is a remote URL.
    """
    fault = fault_of(path)
    if fault:
        raise ConfigError("not a local path", where=where, expected=fault, got=repr(path))
    return _no_uri(path)


def _no_uri(path: str) -> str:
    """Absolute if it begins like a URI: Arrow opens `a:b/c` as `c` of a file system `a`."""
    return os.path.abspath(path) if ":" in path.split("/", maxsplit=1)[0] else path
