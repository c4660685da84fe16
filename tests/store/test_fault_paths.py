"""What obstore makes of faults on the way to a server: what it retries, and how it gives up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from obstore.exceptions import (
    AlreadyExistsError,
    GenericError,
    PermissionDeniedError,
    PreconditionError,
)

from tests.support.object_servers.clients import Store, open_store
from tests.support.object_servers.faults import Answer, CutAnswer, CutBody, Hang, LoseAnswer
from tests.support.object_servers.proxy import FaultProxy
from tests.support.object_servers.server import ObjectServer

pytestmark = pytest.mark.heavy

LARGE = bytes(range(256)) * 4096
TIMEOUT_S = 0.3
PUT_PARTS = """
import sys
from obstore.store import from_url
from_url(sys.argv[1]).put("parts", bytes(12 << 20))
"""

Ask = Callable[[Store], Any]  # whatever the operation returns


def put(store: Store) -> object:
    """Overwrite an object."""
    return store.put("large", LARGE)


def create(store: Store) -> object:
    """Make an object that is not there."""
    return store.put("new", LARGE, mode="create")


def get(store: Store) -> bytes:
    """Read an object."""
    return bytes(store.get("large").bytes())


def list_all(store: Store) -> list[str]:
    """List the container."""
    return [each["path"] for page in store.list() for each in page]


@pytest.fixture
def store(fault_path: FaultProxy, object_server: ObjectServer) -> Store:
    """A client by way of the proxy, of a container with one object."""
    put(open_store(object_server))
    return open_store(fault_path.server)


@pytest.mark.parametrize(("operation", "ask"), [("GET", get), ("PUT", put), ("LIST", list_all)])
def test_busy_servers_are_asked_again(
    store: Store, fault_path: FaultProxy, operation: Any, ask: Ask
) -> None:
    """Eight answers of 503 are borne, whatever was asked."""
    fault_path.inject(Answer(503), 8, operation)
    ask(store)
    assert fault_path.n_requests == {operation: 9}


def test_busy_for_ever(store: Store, fault_path: FaultProxy) -> None:
    """A server that stays busy is a GenericError which says how often it was asked."""
    fault_path.inject(Answer(503))
    with pytest.raises(GenericError, match=r"after 10 retries.* 503 Service Unavailable"):
        get(store)
    assert fault_path.n_requests == {"GET": 11}


def test_denied(store: Store, fault_path: FaultProxy) -> None:
    """403 is not asked again, and has a class of its own except in a listing."""
    fault_path.inject(Answer(403))
    for ask in (get, put, create):
        with pytest.raises(PermissionDeniedError):
            ask(store)
    with pytest.raises(GenericError, match="403 Forbidden"):
        list_all(store)
    assert fault_path.n_requests == {"GET": 1, "PUT": 2, "LIST": 1}


def test_cut_answers_are_resumed(store: Store, fault_path: FaultProxy) -> None:
    """A body that breaks off three times is read on from where it broke."""
    fault_path.inject(CutAnswer(), 3, "GET")
    assert get(store) == LARGE
    assert fault_path.n_requests == {"GET": 4}


def test_cut_listings_fail(store: Store, fault_path: FaultProxy) -> None:
    """A listing that breaks off fails at once."""
    fault_path.inject(CutAnswer(), 1, "LIST")
    with pytest.raises(GenericError, match="Error getting list response body"):
        list_all(store)
    assert fault_path.n_requests == {"LIST": 1}


def test_cut_bodies(store: Store, fault_path: FaultProxy) -> None:
    """A put that breaks off leaves no half object; it is sent again unless it has a condition."""
    fault_path.inject(CutBody(), 3, "PUT")
    put(store)
    assert fault_path.n_requests == {"PUT": 4}
    fault_path.clear()
    fault_path.inject(CutBody(), 1, "PUT")
    with pytest.raises(GenericError, match="error sending request"):
        create(store)
    assert list_all(store) == ["large"]


def test_lost_answer(store: Store, fault_path: FaultProxy) -> None:
    """Where the answer to a create is lost, the object is there and the client does not know."""
    fault_path.inject(LoseAnswer(), 1, "PUT")
    with pytest.raises(GenericError, match="error sending request"):
        create(store)
    assert list_all(store) == ["large", "new"]


def test_answer_lost_by_a_gateway(store: Store, fault_path: FaultProxy) -> None:
    """Where a gateway gives up, the second try meets the object of the first."""
    tag = store.head("large")["e_tag"]
    fault_path.inject(LoseAnswer(504), 1, "PUT")
    with pytest.raises(AlreadyExistsError):
        create(store)
    fault_path.inject(LoseAnswer(504), 1, "PUT")
    with pytest.raises(PreconditionError):
        store.put("large", b"new", mode={"e_tag": tag})
    assert get(store) == b"new"


def test_lost_deletion(store: Store, fault_path: FaultProxy) -> None:
    """Where the answer to a deletion is lost, the object is gone and the client does not know."""
    fault_path.inject(LoseAnswer(), 1, "POST")
    with pytest.raises(GenericError, match="error sending request"):
        store.delete("large")
    assert list_all(store) == []


@pytest.mark.parametrize(("operation", "ask"), [("GET", get), ("PUT", put), ("LIST", list_all)])
def test_hanging_once(fault_path: FaultProxy, operation: Any, ask: Ask) -> None:
    """A server that does not answer in time is asked again."""
    client = open_store(fault_path.server, timeout_s=TIMEOUT_S)
    put(client)
    fault_path.clear()
    fault_path.inject(Hang(), 1, operation)
    ask(client)
    assert fault_path.n_requests == {operation: 2}


def test_hanging_for_ever(fault_path: FaultProxy) -> None:
    """A server that never answers is a GenericError after all tries; a create has but one."""
    client = open_store(fault_path.server, max_retries=2, timeout_s=TIMEOUT_S)
    fault_path.inject(Hang())
    with pytest.raises(GenericError, match=r"after 2 retries.*error sending request"):
        get(client)
    with pytest.raises(GenericError, match="error sending request"):
        create(client)
    assert fault_path.n_requests == {"GET": 3, "PUT": 1}


def test_killed_in_the_midst(store: Store, fault_path: FaultProxy) -> None:
    """A client that is killed while it puts parts leaves nothing that a listing shows."""
    hang = Hang()
    # The numbers of Azure's parts are random.
    fault_path.inject(hang, None, "PUT", "partNumber=3|comp=block")
    with subprocess.Popen(
        [sys.executable, "-c", PUT_PARTS, fault_path.server.uri],
        env={**os.environ, **fault_path.server.environment},
    ) as client:
        assert hang.reached.wait(60)
        client.kill()
    fault_path.clear()
    assert list_all(store) == ["large"]


def test_counts_bytes(store: Store, fault_path: FaultProxy) -> None:
    """The proxy counts requests and bytes of bodies by operation, a listing apart from a get."""
    put(store)
    get(store)
    list_all(store)
    store.head("large")
    assert fault_path.n_requests == {"PUT": 1, "GET": 1, "LIST": 1, "HEAD": 1}
    assert fault_path.sent_bytes["PUT"] == fault_path.answered_bytes["GET"] == len(LARGE)
    assert fault_path.answered_bytes["HEAD"] == 0


def test_rules_choose(store: Store, fault_path: FaultProxy) -> None:
    """A rule befalls the requests that match it, as often as it says, and others not at all."""
    rule = fault_path.inject(Answer(403), 1, "GET", r"large$")
    store.put("other", b"1")
    assert bytes(store.get("other").bytes()) == b"1"
    with pytest.raises(PermissionDeniedError):
        get(store)
    assert get(store) == LARGE
    assert rule.met == 1
