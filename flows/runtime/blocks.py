"""Credentials of object stores from Prefect blocks: lent when a flow begins, gone when it ends.

A block is read as a document, so whatever package its type comes from need not be installed.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar  # Any: what a block holds
from urllib.parse import urlsplit

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound, PrefectException
from prefect.settings import PREFECT_API_URL

from ae_pipeline.config.job import JobConfig
from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.store import Credentials, lending

from .credentials import masked
from .reachable import NoServerError

_Job = TypeVar("_Job", bound=JobConfig)
_Made = TypeVar("_Made")

#: Types of Prefect's own whose value is a client's options.
_PLAIN = ("secret", "json")
#: Fields of blocks of the clouds, and the options that they are.
_OPTIONS = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "minio_root_user": "access_key_id",
    "minio_root_password": "secret_access_key",
    "region_name": "region",
    "service_account_file": "service_account",
    "service_account_info": "service_account_key",
    "tenant_id": "tenant_id",
    "client_id": "client_id",
    "client_secret": "client_secret",
}
#: Parts of Azure's connection strings.
_CONNECTION = {
    "AccountName": "account_name",
    "AccountKey": "account_key",
    "BlobEndpoint": "endpoint",
    "SharedAccessSignature": "sas_key",
}
_AZURE = ".blob.core.windows.net"


def lending_credentials(run: Callable[[_Job], _Made]) -> Callable[[_Job], _Made]:
    """Let a flow use the credentials of the blocks that its job names, and its workers, too."""

    @wraps(run)
    def with_credentials(job: _Job) -> _Made:
        blocks = {store.block for store in job.stores.values() if store.block is not None}
        with lending({block: load(block) for block in blocks}, __name__):
            return run(job)

    return with_credentials


def load(block: str) -> Credentials:
    """Return the credentials of a block.

    Args:
        block: `TYPE/NAME`.

    Raises:
        ConfigError: there is no such block, or it has no credentials that we know, or odd ones.
        NoServerError: Prefect's server does not answer.
    """
    content = _content(block)
    options = _options(block, content)
    if not options:
        raise ConfigError(
            "a Prefect block has no credentials that we know",
            where=block,
            expected="keys of AWS, Google Cloud or Azure, or a secret that is a JSON object",
            got=f"fields {listing(sorted(content))}",
        )
    try:
        return Credentials(options)
    except ConfigError as error:
        where = f"{block}: {error.where}"
        raise ConfigError(error.what, where=where, remedy=error.remedy) from None


def load_in_worker(block: str) -> Credentials:
    """Return the credentials of a block in a worker of a cluster; errors as `load`.

    Raises:
        ConfigError: the worker knows no server; a temporary one of its own would have no blocks.
    """
    if not PREFECT_API_URL.value():
        raise ConfigError(
            "a worker knows no Prefect server to load a block from",
            where="PREFECT_API_URL",
            got=f"block: {block}",
            remedy="set it in the environment of the workers, or use another engine than dask",
        )
    return load(block)


def _content(block: str) -> Mapping[str, Any]:
    kind, _, name = block.partition("/")
    try:
        with get_client(sync_client=True) as client:
            found = client.read_block_document_by_name(name, kind, include_secrets=True)
    except ObjectNotFound as error:
        raise ConfigError(
            "no such Prefect block",
            where="stores",
            got=block,
            remedy="make it, or correct its name: `prefect block ls` lists them",
        ) from error
    except (httpx.HTTPError, PrefectException, OSError) as error:
        raise NoServerError(
            "Prefect's server does not give a block", where=block, got=masked(str(error))
        ) from error
    return found.data


def _options(block: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Return a client's options; nobody has checked the shape of a block's fields."""
    try:
        is_plain = block.partition("/")[0] in _PLAIN
        return _plain_options(content) if is_plain else _cloud_options(content)
    except ConfigError:
        raise
    except (AttributeError, TypeError, ValueError):
        raise ConfigError(
            "a Prefect block has a field of another shape than its type's",
            where=block,
            remedy="write it anew; docs/how-to/object-stores.md tells the fields that count",
        ) from None  # which may quote a secret


def _plain_options(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of a block, a JSON object or the text of one; nothing if it is neither."""
    value = content.get("value")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    if not isinstance(value, dict):
        return {}
    return {str(name): _text(one) for name, one in value.items() if one is not None}


def _cloud_options(content: Mapping[str, Any]) -> dict[str, str]:
    """Return options from the fields of AwsCredentials, GcpCredentials and their like."""
    if content.get("assume_role_arn"):
        raise ConfigError(
            "a Prefect block names a role to assume, which is not supported",
            where="assume_role_arn",
            remedy="give it keys, or set AWS_ROLE_ARN in the environment and leave `block` out",
        )
    more = content.get("aws_client_parameters") or {}
    options = {
        option: _text(content[field]) for field, option in _OPTIONS.items() if content.get(field)
    }
    if more.get("endpoint_url"):
        options["endpoint"] = _text(more["endpoint_url"])
    return options | _azure_options(content)


def _azure_options(content: Mapping[str, Any]) -> dict[str, str]:
    parts = (part.partition("=") for part in (content.get("connection_string") or "").split(";"))
    options = {_CONNECTION[name]: value for name, _, value in parts if name in _CONNECTION}
    url = content.get("account_url")
    host = urlsplit(url or "").hostname or ""
    if host.endswith(_AZURE):
        options["account_name"] = host.removesuffix(_AZURE)
    elif url:
        options["endpoint"] = url
    return options


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
