"""Faults on the way to a server, and the requests that each befalls."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

#: HTTP's methods, apart from a GET that lists a container.
Operation = Literal["GET", "HEAD", "PUT", "POST", "DELETE", "LIST"]


@dataclass(frozen=True)
class Answer:
    """The server is never asked; the client gets this status."""

    status: int


@dataclass(frozen=True)
class CutAnswer:
    """The connection is reset after half of the answer's body, or before one of unknown size."""


@dataclass(frozen=True)
class CutBody:
    """The connections are reset after half of the request's body, which must not be empty."""


@dataclass(frozen=True)
class LoseAnswer:
    """The server does what it is asked to; the client gets something else instead of the answer.

    Args:
        status: of a gateway that gave up waiting, e.g. 504; None: the connection is reset.
    """

    status: int | None = None


@dataclass(frozen=True)
class Hang:
    """Nobody answers until `release`, which resets the connections.

    Args:
        reached: set as soon as somebody hangs: the time to kill a client in the midst of its work.
        released: set by `release`.
    """

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let go of all who wait."""
        self.released.set()


@dataclass(frozen=True)
class Unconditional:
    """The server gets the request without its `If-Match`, which some servers do not know.

    A server that checks signatures denies it.
    """


Fault = Answer | CutAnswer | CutBody | LoseAnswer | Hang | Unconditional


@dataclass
class Rule:
    """A fault for the requests that match.

    Args:
        fault: what befalls them.
        times: how many of them; None: all.
        operation: of the requests; None: any.
        target: a regular expression that is found in the path or the query, as sent.
        met: how many it has befallen.
    """

    fault: Fault
    times: int | None = None
    operation: Operation | None = None
    target: str = ""
    met: int = 0

    def befalls(self, operation: Operation, target: str) -> bool:
        """Whether a request matches, where the rule is not used up."""
        return (
            (self.times is None or self.met < self.times)
            and self.operation in {None, operation}
            and re.search(self.target, target) is not None
        )
