"""The format version that is written, and those that are read; see `docs/format.md`."""

from __future__ import annotations

from ae_pipeline.errors import UnsupportedFormatError

FORMAT_VERSION = "5.0"
_READ = ("1", "2", "3", "4", "5")


def check_version(what: str, version: str, where: str) -> None:
    """Raise `UnsupportedFormatError` for a major version that this release does not read.

    Args:
        what: "codec", or the kind of a dataset.
        version: `major.minor`.
        where: path for the message.
    """
    if version.split(".", maxsplit=1)[0] not in _READ:
        raise UnsupportedFormatError(
            f"{what} format not supported",
            where=where,
            expected=f"version {', '.join(_READ[:-1])} or {_READ[-1]}.x",
            got=version,
            remedy="use the release that wrote it, or a newer one",
        )
