"""moto: S3 in memory, which takes any signature."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.object_servers.containers import make_container
from tests.support.object_servers.processes import LOOPBACK, free_ports, serve
from tests.support.object_servers.server import ObjectServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "owner",
    "AWS_SECRET_ACCESS_KEY": "owners-secret",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@contextmanager
def moto(folder: Path) -> Iterator[ObjectServer]:
    """Run moto while the context is open; the folder gets its log alone."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)]
    with serve(command, port, folder):
        yield make_container(
            ObjectServer("moto", "s3", f"http://{LOOPBACK}:{port}", "bucket", CREDENTIALS)
        )
