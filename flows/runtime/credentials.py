"""Keep credentials in the server's address out of output and logs."""

import re
from urllib.parse import urlsplit

from ae_pipeline.escaping import visible

#: A user and a password before the host: any characters up to the last `@`.
_USER = re.compile(r"(?<=://)[^/\s?#'\"]*@")
#: A value in an address whose name sounds like a secret.
_SECRET = re.compile(
    r"(?i)([?&;][^=&\s'\"]*(?:token|key|pass|pwd|secret|auth|sig|credential)[^=&\s'\"]*=)[^&\s#'\"]*"
)


def masked(text: str) -> str:
    """Return the text with `***` for users, passwords and tokens in its addresses."""
    return _SECRET.sub(r"\1***", _USER.sub("***@", text))


def without_credentials(url: str) -> str:
    """Return an address without credentials or query values."""
    try:
        has_query = bool(urlsplit(url).query)
    except ValueError:
        has_query = "?" in url
    return masked(url.partition("?")[0]) + ("?***" if has_query else "")


def quiet_lines(message: str) -> str:
    """Return a message from Prefect without credentials and control characters, line by line."""
    return "\n".join(visible(line) for line in masked(message).split("\n"))
