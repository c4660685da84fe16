"""SeaweedFS: S3 on files, which checks signatures and conditions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.object_servers.containers import make_container
from tests.support.object_servers.moto import CREDENTIALS
from tests.support.object_servers.processes import LOOPBACK, free_ports, serve
from tests.support.object_servers.server import ObjectServer

#: Whoever signs with these may list and read, and is denied the rest.
READER = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "readers-secret"}
#: Parts of the server that listen, each for HTTP and for gRPC.
PARTS = ("s3", "master", "volume", "filer")

#: A new bucket begins with one file for its objects, not with seven.
ONE_VOLUME = "[master.volume_growth]\ncopy_1 = 1\n"


@contextmanager
def seaweedfs(folder: Path) -> Iterator[ObjectServer]:
    """Run SeaweedFS while the context is open, its objects in the folder."""
    ports = free_ports(2 * len(PARTS))
    (folder / "objects").mkdir()
    (folder / "identities.json").write_text(json.dumps(_identities()), encoding="utf-8")
    (folder / "master.toml").write_text(ONE_VOLUME, encoding="utf-8")
    weed = Path(sys.executable).with_name("weed")
    with serve([str(weed), *_arguments(ports)], ports[0], folder, remove=_sockets(ports)):
        yield make_container(
            ObjectServer("seaweedfs", "s3", f"http://{LOOPBACK}:{ports[0]}", "bucket", CREDENTIALS)
        )


def _arguments(ports: list[int]) -> list[str]:
    """Arguments of `weed` for one small node that talks to nobody outside."""
    options = {
        "dir": "objects",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "filer": "true",
        "s3": "true",
        "s3.config": "identities.json",
        "s3.autoCreateBucket": "false",  # a bucket that is missing is an error, as on S3
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "master.peers": "none",  # no election, which takes a second
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": "256",
        "volume.max": "10000",  # a bucket has files of its own, which begin empty
    }
    for part, http, grpc in zip(PARTS, ports[::2], ports[1::2], strict=True):
        options |= {f"{part}.port": str(http), f"{part}.port.grpc": str(grpc)}
    return ["server", *(f"-{name}={value}" for name, value in options.items())]


def _sockets(ports: list[int]) -> list[str]:
    """Sockets that it leaves, which lie in /tmp whatever TMPDIR says."""
    names = [
        name
        for part, http, grpc in zip(PARTS, ports[::2], ports[1::2], strict=True)
        for name in (f"{part}-{http}", f"{part}-grpc-{grpc}")
    ]
    return [f"/tmp/seaweedfs-{name}.sock" for name in names]  # noqa: S108


def _identities() -> dict[str, object]:
    """One who may do everything, and one who may read."""
    actions = {"owner": ["Admin", "Read", "Write", "List", "Tagging"], "reader": ["Read", "List"]}
    keys = {"owner": CREDENTIALS, "reader": READER}
    return {
        "identities": [
            {
                "name": name,
                "credentials": [
                    {
                        "accessKey": keys[name]["AWS_ACCESS_KEY_ID"],
                        "secretKey": keys[name]["AWS_SECRET_ACCESS_KEY"],
                    }
                ],
                "actions": allowed,
            }
            for name, allowed in actions.items()
        ]
    }
