"""Clients of obstore for a server, which take nothing from the environment and give up soon."""

from __future__ import annotations

from datetime import timedelta

from obstore.store import AzureStore, S3Store

from tests.support.object_servers.server import ObjectServer

Store = S3Store | AzureStore


def open_store(server: ObjectServer, max_retries: int = 10, timeout_s: float = 30) -> Store:
    """A client that waits for milliseconds between its tries.

    Args:
        server: container and credentials.
        max_retries: after the first try.
        timeout_s: of a whole request.
    """
    make = S3Store if server.scheme == "s3" else AzureStore
    config = {
        name.lower(): value
        for name, value in server.environment.items()
        if not name.endswith("_ALLOW_HTTP")  # an option of the client, not of the store
    }
    return make.from_url(
        server.uri,
        config=config,  # type: ignore[arg-type]  # keys by name
        client_options={"allow_http": True, "timeout": timedelta(seconds=timeout_s)},
        retry_config={
            "max_retries": max_retries,
            "retry_timeout": timedelta(seconds=30),
            "backoff": {
                "init_backoff": timedelta(milliseconds=1),
                "max_backoff": timedelta(milliseconds=5),
                "base": 2,
            },
        },
    )
