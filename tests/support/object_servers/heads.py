"""Heads of HTTP's requests and answers, as far as a proxy has to read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO, cast
from urllib.parse import parse_qs, urlsplit

from tests.support.object_servers.faults import Operation

#: Headers that concern one connection alone; each of ours carries one request.
OF_CONNECTION = (b"connection:", b"keep-alive:", b"expect:")


@dataclass(frozen=True)
class Head:
    """First line and headers, of a request or an answer.

    Args:
        first: without the end of its line.
        headers: in order, without the ends of their lines.
    """

    first: bytes
    headers: tuple[bytes, ...]

    @property
    def size_bytes(self) -> int | None:
        """Length of the body, where a header gives it."""
        for header in self.headers:
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return None

    @property
    def has_expectation(self) -> bool:
        """Whether the client waits for a word before it sends the body."""
        return any(header.lower().startswith(b"expect:") for header in self.headers)

    def without(self, name: bytes) -> Head:
        """The head without the headers of that name, in small letters."""
        kept = (each for each in self.headers if each.partition(b":")[0].lower() != name)
        return replace(self, headers=tuple(kept))

    def to_bytes(self) -> bytes:
        """The head as sent on, for a connection that is closed after the answer."""
        kept = [each for each in self.headers if not each.lower().startswith(OF_CONNECTION)]
        return b"\r\n".join([self.first, *kept, b"Connection: close", b"", b""])


def read_head(stream: BinaryIO) -> Head | None:
    """The next head, or None where the stream ends instead."""
    first = stream.readline().rstrip(b"\r\n")
    if not first:
        return None
    headers = []
    while line := stream.readline().rstrip(b"\r\n"):
        headers.append(line)
    return Head(first, tuple(headers))


def asked(head: Head) -> tuple[Operation, str]:
    """Operation and target (path and query) of a request."""
    method, target, _ = head.first.decode("latin-1").split(" ")
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)
    lists = method == "GET" and ("list-type" in query or query.get("comp") == ["list"])
    return ("LIST" if lists else cast(Operation, method)), target


def refusal(status: int) -> bytes:
    """A whole answer of that status, as S3 words it."""
    body = f"<Error><Code>Injected{status}</Code><Message>a fault of the test</Message></Error>"
    head = (
        f"HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return (head + body).encode()
