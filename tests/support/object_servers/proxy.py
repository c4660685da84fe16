"""A proxy before a server: it counts what passes, and brings the faults that a test asks for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

from tests.support.object_servers.exchange import Exchange, carry
from tests.support.object_servers.faults import Fault, Hang, Operation, Rule
from tests.support.object_servers.processes import LOOPBACK
from tests.support.object_servers.server import ObjectServer


@dataclass
class FaultProxy:
    """Faults and counts between a client in any process and a server.

    Args:
        server: what the client is told: the container, at the proxy's port.
        upstream_port: where the real server listens.

    Attributes:
        exchanges: all requests that came in since `clear`, in order.
    """

    server: ObjectServer
    upstream_port: int
    exchanges: list[Exchange] = field(default_factory=list, init=False)
    _rules: list[Rule] = field(default_factory=list, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def inject(
        self,
        fault: Fault,
        times: int | None = None,
        operation: Operation | None = None,
        target: str = "",
    ) -> Rule:
        """Let the fault befall the next requests that match; the first rule that fits has it.

        Args:
            fault: what befalls them.
            times: how many; None: all, until `clear`.
            operation: of the requests; None: any.
            target: a regular expression that is found in path or query.

        Returns:
            The rule, whose `met` counts the requests.
        """
        rule = Rule(fault, times, operation, target)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules and counts; whoever hangs is let go."""
        with self._lock:
            for rule in self._rules:
                if isinstance(rule.fault, Hang):
                    rule.fault.release()
            self._rules.clear()
            self.exchanges.clear()

    @property
    def n_requests(self) -> Counter[Operation]:
        """Requests by operation."""
        with self._lock:
            return Counter(each.operation for each in self.exchanges)

    @property
    def sent_bytes(self) -> Counter[Operation]:
        """Bytes of requests' bodies by operation."""
        with self._lock:
            return _summed((each.operation, each.sent_bytes) for each in self.exchanges)

    @property
    def answered_bytes(self) -> Counter[Operation]:
        """Bytes of answers' bodies by operation."""
        with self._lock:
            return _summed((each.operation, each.answered_bytes) for each in self.exchanges)

    def admit(self, exchange: Exchange) -> Fault | None:
        """Count a request that has come in, and tell which fault befalls it."""
        with self._lock:
            self.exchanges.append(exchange)
            for rule in self._rules:
                if rule.befalls(exchange.operation, exchange.target):
                    rule.met += 1
                    return rule.fault
        return None


def _summed(sizes: Iterator[tuple[Operation, int]]) -> Counter[Operation]:
    """Sums by operation."""
    total: Counter[Operation] = Counter()
    for operation, size_bytes in sizes:
        total[operation] += size_bytes
    return total


class _Listener(ThreadingTCPServer):
    """A thread per connection, each for one request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Connection)
        self.proxy: FaultProxy | None = None


class _Connection(BaseRequestHandler):
    """One request of a client."""

    def handle(self) -> None:
        """Carry it, unless the client is gone before the proxy is ready."""
        assert isinstance(self.server, _Listener)
        if self.server.proxy is not None:
            carry(self.request, self.server.proxy.upstream_port, self.server.proxy.admit)


@contextmanager
def fault_proxy(server: ObjectServer) -> Iterator[FaultProxy]:
    """Run a proxy before the server while the context is open."""
    with _Listener() as listener:
        proxy = FaultProxy(server.at(listener.server_address[1]), server.port)
        listener.proxy = proxy
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.clear()
            listener.shutdown()
            thread.join()
