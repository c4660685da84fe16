"""The address of a container on a server, and how clients are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class ObjectServer:
    """A container on a server that runs.

    Args:
        kind: which server it is, e.g. `moto`.
        scheme: of its URIs.
        endpoint: the URL to which containers and keys are appended.
        container: bucket or container, which exists.
        credentials: environment variables that clients read, the endpoint's apart.
    """

    kind: Literal["moto", "seaweedfs", "azurite"]
    scheme: Literal["s3", "az"]
    endpoint: str
    container: str
    credentials: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The container's URI, without a slash at its end."""
        return f"{self.scheme}://{self.container}"

    @property
    def environment(self) -> dict[str, str]:
        """All that a client needs beside the URI, as obstore and boto3 read it."""
        variable = "AWS_ENDPOINT_URL" if self.scheme == "s3" else "AZURE_STORAGE_ENDPOINT"
        return {**self.credentials, variable: self.endpoint}

    @property
    def port(self) -> int:
        """Port on loopback."""
        return int(self.endpoint.split(":")[2].split("/")[0])

    def at(self, port: int) -> ObjectServer:
        """The same container, where another port leads to it."""
        return replace(self, endpoint=self.endpoint.replace(f":{self.port}", f":{port}"))

    def named(self, container: str) -> ObjectServer:
        """Another container of the server, which may not exist."""
        return replace(self, container=container)

    def signed_with(self, credentials: Mapping[str, str]) -> ObjectServer:
        """The same container for somebody else, e.g. one who may only read."""
        return replace(self, credentials={**self.credentials, **credentials})
