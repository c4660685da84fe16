"""Values of options: checked before obstore panics at some, and masked where it quotes others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from ae_pipeline.errors import ConfigError

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: What no URL has.
_NO_URL = re.compile(r"[^!-~]|[<>\"\\^`{|}]|\][^:/?#]")
#: The end of a host that can only be an address of numbers.
_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)\.?$")
#: Characters of a value that no word contains by chance.
_LONG = 6
#: JSON, of several lines as well.
_DOCUMENTS = ("service_account_key",)
_PATHS = ("service_account", "service_account_path", "application_credentials")


def checked(name: str, value: str) -> str:
    """Return the value of an option without space around it, such as the line end of a file.

    Raises:
        ConfigError: it has control characters, or is a document and not its path; in a line that
            names the option alone.
    """
    stripped = value.strip()
    if name not in _DOCUMENTS and _CONTROL.search(stripped):
        raise ConfigError(
            "an option of a store has control characters",
            where=name,
            remedy="write it anew on one line",
        )
    if name in _PATHS and stripped.startswith("{"):
        raise ConfigError(
            "an option of a store is a document, not its path",
            where=name,
            remedy="give a service account's key as service_account_key",
        )
    return stripped


def checked_url(name: str, url: str) -> str:
    """Return the URL of a server.

    Raises:
        ConfigError: it is none; in a line that does not quote it, for a password may be in it.
    """
    if not _is_url(url):
        raise ConfigError(
            "an endpoint is not a URL",
            where=name,
            expected="http:// or https:// and a host, such as https://minio.example.com:9000",
        )
    return url


def masked(text: str, values: Iterable[str]) -> str:
    """Return a text with `***` for every value in it, as it stands or in quotes that escape it."""
    written = {form for value in values if value for form in (value, json.dumps(value)[1:-1])}
    if not written:
        return text
    longest_first = sorted(written, key=len, reverse=True)
    return re.sub("|".join(map(_found, longest_first)), "***", text)


def _found(value: str) -> str:
    """Return the pattern of a value: a short one, such as `a`, is also part of many words."""
    pattern = re.escape(value)
    return pattern if len(value) >= _LONG else rf"(?<!\w){pattern}(?!\w)"


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if ":" in host or _NUMBER.search(host):
            ip_address(host)
        _ = parts.port  # raises
    except ValueError:
        return False
    is_written = "%" not in host and _NO_URL.search(url) is None
    return parts.scheme in ("http", "https") and bool(host) and is_written
