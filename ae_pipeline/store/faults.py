"""Complaints of stores → our errors: absent, denied, changed, or worth another try.

obstore retries what may pass (503, resets, timeouts) before it complains at all. Its classes do not
say everything: a bucket that is missing or denied is a `GenericError` when it is listed.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ae_pipeline.errors import (
    AePipelineError,
    FragmentReplacedError,
    StoreDeniedError,
    StoreUnavailableError,
)

#: What tells of a refusal, what it is, and what to do.
_REFUSED = (
    (
        re.compile("NoSuchBucket|ContainerNotFound|BucketNotFound", re.IGNORECASE),
        "no such bucket",
        "make it, or check its name and endpoint",
    ),
    (
        re.compile("^InvalidPathError"),
        "an object has a key that no file can have",
        "rename it, or move it out of what is read",
    ),
    (
        re.compile(
            "^PermissionDeniedError|^UnauthenticatedError|status code: 40[13]|AccessDenied|"
            "Forbidden|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|"
            "AuthenticationFailed|AuthorizationFailure|CredentialsNotLoaded|NoCredentials",
            re.IGNORECASE,
        ),
        "store denies access",
        "check the credentials and their rights",
    ),
)
_TEXT_BYTES = 300
#: A user and a password before the host of a server.
_USER = re.compile(r"(?i)(https?://)[^/\s?#'\"]*(?=@)")
#: The session token, which S3 quotes once it has expired.
_TOKEN = re.compile(r"(<Token-\d+>)[^<]*")
#: A signature in an address, which is all that Azure asks of whoever has one.
_SIGNATURE = re.compile(
    r"(?i)([?&;](?:sig|X-[a-z]+-(?:Signature|Credential|Security-Token))=)[^&\s\"')]*"
)
_TRIES = 4

_Answer = TypeVar("_Answer")


@contextmanager
def faults(uri: str) -> Iterator[None]:
    """Translate what a store raises inside.

    Args:
        uri: of the object, or of what is listed.

    Raises:
        FileNotFoundError: the object is absent.
        FileExistsError: it exists, and was to be created.
        FragmentReplacedError: it is another object than the one that was listed.
        StoreDeniedError: the credentials do not allow it, or the bucket does not exist.
        StoreUnavailableError: the store did not answer, in spite of retries.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415, of an extra

    try:
        yield
    except AePipelineError:
        raise
    except (BaseError, FileNotFoundError, NotImplementedError) as error:
        raise translated(error, uri) from cause_of(error)


@contextmanager
def boto_faults(uri: str) -> Iterator[None]:
    """Translate what boto3 raises inside; arguments and errors as `faults`."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415, of an extra

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise translated(error, uri, status) from cause_of(error)
    except BotoCoreError as error:
        raise translated(error, uri) from cause_of(error)


def translated(error: Exception, uri: str, status: int = 0) -> Exception:
    """Return our error for a complaint of a client; `faults` lists them.

    Args:
        error: the complaint.
        uri: of the object, or of what is listed.
        status: of the answer, where the complaint does not tell it.
    """
    kind, text = type(error).__name__, line_of(str(error))
    for pattern, what, remedy in _REFUSED:
        if pattern.search(f"{kind}: {error}, status code: {status}"):
            return StoreDeniedError(what, where=uri, got=text, remedy=remedy)
    if kind in ("NotFoundError", "FileNotFoundError"):
        return FileNotFoundError(errno.ENOENT, "no such object", uri)
    if kind == "AlreadyExistsError":
        return FileExistsError(errno.EEXIST, "object exists", uri)
    if kind == "PreconditionError":
        return replaced(uri)
    return StoreUnavailableError(
        "store does not answer",
        where=uri,
        got=text,
        remedy="run again; what was published stays",
    )


def replaced(uri: str) -> FragmentReplacedError:
    """Return the error for an object that is not the version that was listed."""
    return FragmentReplacedError(
        "object was replaced since it was listed",
        where=uri,
        remedy="run again once nobody writes to it",
    )


def line_of(message: str) -> str:
    """Return a message on one line, without secrets and the debugging text that follows it."""
    text = message.split("\n\nDebug source:", maxsplit=1)[0]
    return " ".join(_masked(text).split())[:_TEXT_BYTES]


def cause_of(error: Exception) -> Exception | None:
    """Return what an error of ours may name as its cause: a traceback would show its secrets."""
    text = str(error)
    return error if _masked(text) == text else None


def _masked(text: str) -> str:
    for pattern in (_SIGNATURE, _USER, _TOKEN):
        text = pattern.sub(r"\1***", text)
    return text


def retried(request: Callable[[], _Answer]) -> _Answer:
    """Return the answer to a request that changes nothing, or may come twice.

    obstore itself gives up at once where an answer to a LIST or a DELETE is cut.
    """
    for left in reversed(range(_TRIES)):
        try:
            return request()
        except StoreUnavailableError:
            if not left:
                raise
    raise AssertionError  # never reached: the last try returns or raises
