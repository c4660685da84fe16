"""One request and its answer on their way through a proxy, and what a fault makes of them."""

from __future__ import annotations

import io
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from tests.support.object_servers.faults import (
    Answer,
    CutAnswer,
    CutBody,
    Fault,
    Hang,
    LoseAnswer,
    Operation,
    Unconditional,
)
from tests.support.object_servers.heads import Head, asked, read_head, refusal
from tests.support.object_servers.processes import LOOPBACK

PIECE_BYTES = 1 << 16


@dataclass
class Exchange:
    """A request that came in.

    Args:
        operation: HTTP's method, or LIST.
        target: path and query as sent.
        status: of the server's answer; None: there was none.
        sent_bytes: of the request's body, as far as it was sent on.
        answered_bytes: of the answer's body, as far as it was sent on.
    """

    operation: Operation
    target: str
    status: int | None = None
    sent_bytes: int = 0
    answered_bytes: int = 0


def carry(
    client: socket.socket, upstream_port: int, admit: Callable[[Exchange], Fault | None]
) -> None:
    """Serve the one request of a connection; whoever hangs up early is no failure of ours."""
    with suppress(OSError), client.makefile("rb") as stream:
        head = read_head(stream)
        if head is None:
            return
        exchange = Exchange(*asked(head))
        fault = admit(exchange)
        if isinstance(fault, Hang):
            fault.reached.set()
            fault.released.wait()
            _reset(client)
        elif isinstance(fault, Answer):
            _refuse(client, stream, head, fault, exchange)
        else:
            with socket.create_connection((LOOPBACK, upstream_port)) as upstream:
                _pass_on(client, stream, head, upstream, fault, exchange)


def _refuse(
    client: socket.socket, stream: BinaryIO, head: Head, fault: Answer, exchange: Exchange
) -> None:
    """Answer without asking; a body that nobody read would make a reset of the answer."""
    _read_body(client, stream, head)
    exchange.status = fault.status
    client.sendall(refusal(fault.status))


def _pass_on(
    client: socket.socket,
    stream: BinaryIO,
    head: Head,
    upstream: socket.socket,
    fault: Fault | None,
    exchange: Exchange,
) -> None:
    """Send the request on and the answer back, as far as the fault lets them."""
    body = _read_body(client, stream, head)
    if isinstance(fault, Unconditional):
        head = head.without(b"if-match")
    if isinstance(fault, CutBody):
        body = body[: len(body) // 2]
    exchange.sent_bytes = len(body)
    with suppress(OSError):  # a server that refuses may answer before it has read all
        upstream.sendall(head.to_bytes() + body)
    if len(body) < (head.size_bytes or 0):  # by the fault, or the client is gone
        _reset(upstream)
        _reset(client)
    else:
        _answer(client, upstream, fault, exchange)


def _answer(
    client: socket.socket, upstream: socket.socket, fault: Fault | None, exchange: Exchange
) -> None:
    """Send the answer back, which ends where the server closes its connection."""
    with upstream.makefile("rb") as stream:
        head = read_head(stream)
        if head is None:
            _reset(client)
            return
        exchange.status = int(head.first.split(b" ")[1])
        if isinstance(fault, LoseAnswer):
            stream.read()  # to its end, so that the server is done
            _lose(client, fault)
            return
        client.sendall(head.to_bytes())
        if isinstance(fault, CutAnswer):
            _relay(client, io.BytesIO(stream.read((head.size_bytes or 0) // 2)), exchange)
            _reset(client)
        else:
            _relay(client, stream, exchange)


def _lose(client: socket.socket, fault: LoseAnswer) -> None:
    """Give something else instead of the answer."""
    if fault.status is None:
        _reset(client)
    else:
        client.sendall(refusal(fault.status))


def _relay(
    client: socket.socket, stream: io.BufferedReader | io.BytesIO, exchange: Exchange
) -> None:
    """Send on what comes, and count it before the client can see it."""
    while piece := stream.read1(PIECE_BYTES):
        exchange.answered_bytes += len(piece)
        client.sendall(piece)


def _read_body(client: socket.socket, stream: BinaryIO, head: Head) -> bytes:
    """The request's body, for which some clients wait to be asked."""
    if head.has_expectation:
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return stream.read(head.size_bytes or 0)


def _reset(connection: socket.socket) -> None:
    """Close so that the other side reads an error, not an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
