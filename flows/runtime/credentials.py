"""Keep credentials of the server's address out of what is printed and logged."""

import re
from urllib.parse import urlsplit

from ae_pipeline.escaping import visible

#: A user and a password before the host, with whatever characters until the last `@`.
_USER = re.compile(r"(?<=://)[^/\s?#'\"]*@")
#: A value in an address that is called like a secret.
_SECRET = re.compile(
    r"(?i)([?&;][^=&\s'\"]*(?:token|key|pass|pwd|secret|auth|sig|credential)[^=&\s'\"]*=)[^&\s#'\"]*"
)


def masked(text: str) -> str:
    """The text with `***` for users, passwords and tokens in the addresses that it names."""
    return _SECRET.sub(r"\1***", _USER.sub("***@", text))


def without_credentials(url: str) -> str:
    """An address without any value of its query."""
    try:
        has_query = bool(urlsplit(url).query)
    except ValueError:
        has_query = "?" in url
    return masked(url.partition("?")[0]) + ("?***" if has_query else "")


def quiet_lines(message: str) -> str:
    """A message of Prefect's, line by line, without credentials and control characters."""
    return "\n".join(visible(line) for line in masked(message).split("\n"))
