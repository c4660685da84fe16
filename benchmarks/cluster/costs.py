"""Costs of the steps of a night: measured ones, and those of stores and faults, which are assumed.

docs/scaling.md says by which commands the figures were measured, when, and on what machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

MB = 1e6
#: Objects above the first are fetched in parts of its size, and sent in parts of the second.
_WHOLE_MB, _PART_MB = (1 << 26) / MB, (1 << 24) / MB
_KEYS_PER_PAGE = 1000


@dataclass(frozen=True)
class Rates:
    """Megabytes of source files for each CPU-second of a worker, and bytes that are left.

    Args:
        encode_mb_s: of encode, without staging.
        verify_mb_s: of verify, which reads source and archive.
        decode_mb_s: of decode.
        stored_share: archive over source, in bytes.
        stage_mb_s: of fetching from a store.
    """

    encode_mb_s: float
    verify_mb_s: float
    decode_mb_s: float
    stored_share: float
    stage_mb_s: float


@dataclass(frozen=True)
class Driver:
    """CPU and memory of the process that leads a job, and of its scheduler.

    Args:
        plan_s: CPU-seconds to list and plan one object, index included.
        object_bytes: of memory for each object.
        base_bytes: of memory without objects.
        index_bytes: of the stored index for each object.
        scheduler_s: CPU-seconds of the scheduler's one thread for a task.
        client_s: CPU-seconds of the client for a task.
        most_led: tasks that one client leads at a time.
    """

    plan_s: float
    object_bytes: float
    base_bytes: float
    index_bytes: float
    scheduler_s: float
    client_s: float
    most_led: int


@dataclass(frozen=True)
class Store:
    """An object store as one deployment meets it: assumed, to be replaced by your own figures.

    Args:
        get_s: seconds until a GET's first byte; also of a page of a listing.
        put_s: seconds that a PUT takes beside its bytes.
        mb_s: of one connection.
        total_mb_s: of all connections of all deployments together.
        requests_s: requests per second that it answers to one deployment, below its prefix.
    """

    get_s: float = 0.03
    put_s: float = 0.06
    mb_s: float = 90.0
    total_mb_s: float = 200_000.0
    requests_s: float = 3_500.0

    def shared_by(self, n_deployments: int) -> Store:
        """Return the part of one of several deployments, in bytes; each has a prefix of its own."""
        return replace(self, total_mb_s=self.total_mb_s / n_deployments)


@dataclass(frozen=True)
class Faults:
    """Stragglers and deaths of workers: assumed.

    Args:
        slow_share: attempts that take longer than usual.
        tail: exponent of the Pareto distribution of how many times as long; heavier if smaller.
        most_times: the longest, in usual times.
        lifetime_s: mean life of a worker; infinite if none dies.
        restart_s: until another one stands in for it.
    """

    slow_share: float = 0.02
    tail: float = 1.5
    most_times: float = 20.0
    lifetime_s: float = 50 * 3600.0
    restart_s: float = 120.0


#: Nothing goes wrong.
NO_FAULTS = Faults(slow_share=0.0, lifetime_s=math.inf)


@dataclass(frozen=True)
class Night:
    """One deployment's work of a night: all fragments are new.

    Args:
        n_fragments: files.
        fragment_mb: of each.
        n_workers: of one thread each.
        rates: of workers.
        driver: of the process that leads.
        store: where source and archive lie.
        faults: that befall workers.
        verifies: whether what is written is read back and compared, as `compress` does.
    """

    n_fragments: int
    fragment_mb: float
    n_workers: int
    rates: Rates
    driver: Driver
    store: Store = Store()
    faults: Faults = Faults()
    verifies: bool = True

    @property
    def n_slots(self) -> int:
        """Tasks that run at a time at most."""
        return min(self.n_workers, self.driver.most_led, self.n_fragments)

    @property
    def stored_mb(self) -> float:
        """Megabytes of an archive's file."""
        return self.fragment_mb * self.rates.stored_share

    @property
    def n_gets(self) -> int:
        """GETs for a fragment: its source, and to verify it, its archive."""
        read_mb = [self.fragment_mb, self.stored_mb][: 1 + self.verifies]
        return sum(max(1, math.ceil(one / _WHOLE_MB)) for one in read_mb)

    @property
    def n_puts(self) -> int:
        """PUTs for a fragment; one of several parts is also begun and completed."""
        is_whole = self.stored_mb <= _WHOLE_MB
        return 1 if is_whole else math.ceil(self.stored_mb / _PART_MB) + 2

    @property
    def moved_mb(self) -> float:
        """Megabytes that a fragment moves through the store."""
        return self.fragment_mb + self.stored_mb * (2 if self.verifies else 1)

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of a worker for a fragment, without staging."""
        verify = self.fragment_mb / self.rates.verify_mb_s if self.verifies else 0.0
        return self.fragment_mb / self.rates.encode_mb_s + verify

    @property
    def transfer_s(self) -> float:
        """Seconds in which a worker waits for the store, or stages, at the store's leisure."""
        rate = min(self.store.mb_s, self.rates.stage_mb_s)
        latency = self.n_gets * self.store.get_s + self.n_puts * self.store.put_s
        return latency + self.moved_mb / rate

    @property
    def store_s(self) -> float:
        """Seconds of the whole store for a fragment: of its bytes or of its requests."""
        n_requests = self.n_gets + self.n_puts
        return max(self.moved_mb / self.store.total_mb_s, n_requests / self.store.requests_s)

    @property
    def plan_s(self) -> float:
        """Seconds before the first task: listing two places, planning, reading the index."""
        pages = 2 * math.ceil(self.n_fragments / _KEYS_PER_PAGE)
        index_s = self.store.get_s + self.index_mb / self.store.mb_s
        return pages * self.store.get_s + self.n_fragments * self.driver.plan_s + index_s

    @property
    def end_s(self) -> float:
        """Seconds after the last task: index and marker, one PUT each."""
        return 2 * self.store.put_s + self.index_mb / self.store.mb_s

    @property
    def index_mb(self) -> float:
        """Megabytes of the index."""
        return self.n_fragments * self.driver.index_bytes / MB

    @property
    def driver_bytes(self) -> float:
        """Memory of the process that leads."""
        return self.driver.base_bytes + self.n_fragments * self.driver.object_bytes

    @property
    def n_requests(self) -> int:
        """Requests of a night without deaths: of fragments, listings, index and marker."""
        pages = 2 * math.ceil(self.n_fragments / _KEYS_PER_PAGE)
        return self.n_fragments * (self.n_gets + self.n_puts) + pages + 4
