"""Fixtures: a server for the whole run, a container for each test, and a proxy before it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.object_servers.azurite import azurite, azurite_needs
from tests.support.object_servers.containers import make_container
from tests.support.object_servers.moto import moto
from tests.support.object_servers.proxy import FaultProxy, fault_proxy
from tests.support.object_servers.seaweedfs import seaweedfs
from tests.support.object_servers.server import ObjectServer


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A container on moto, which tests share."""
    with moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def seaweedfs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A container on SeaweedFS, which tests share."""
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server:
        yield server


@pytest.fixture(scope="session")
def azurite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """A container on azurite, which tests share; skipped where it is not installed."""
    needs = azurite_needs()
    if needs is not None:
        pytest.skip(needs)
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture(params=["moto", "seaweedfs", "azurite"])
def object_server(request: pytest.FixtureRequest) -> ObjectServer:
    """An empty container of the test's own, on one server after the other."""
    server: ObjectServer = request.getfixturevalue(f"{request.param}_server")
    return make_container(server.named(f"test-{uuid4().hex[:12]}"))


@pytest.fixture
def fault_path(object_server: ObjectServer) -> Iterator[FaultProxy]:
    """A proxy before `object_server`; clients take `fault_path.server`."""
    with fault_proxy(object_server) as proxy:
        yield proxy
