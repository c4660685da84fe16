"""Connect to buckets: credentials come from the environment, a profile or a loan, never a job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any  # options of obstore are dictionaries of its own

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.errors import AePipelineError, ConfigError
from ae_pipeline.extras import require
from ae_pipeline.locations import Location
from ae_pipeline.store.clients.boto import provider_of
from ae_pipeline.store.clients.credentials import Credentials, lent
from ae_pipeline.store.clients.endpoints import endpoint_of
from ae_pipeline.store.clients.fixed import fixed_account_key, fixed_keys
from ae_pipeline.store.clients.values import checked
from ae_pipeline.store.faults import cause_of, line_of

#: A request whose body keeps coming may take so many times longer.
_BODIES = 10
#: The option that names a server.
_ENDPOINT = {"s3": "endpoint", "gs": "base_url", "az": "endpoint", "abfss": "endpoint"}


def connect(location: Location, config: StoreConfig) -> Any:
    """Return obstore's client of a bucket.

    Raises:
        MissingExtraError: obstore is not installed.
        ConfigError: the settings, their block, or variables of the environment make no client.
    """
    require(f"{location.scheme}://", "obstore", or_else="copy or mount the data")
    loan = Credentials({}) if config.block is None else lent(config.block)
    options: dict[str, Any] = dict(loan.reveal())
    endpoint = endpoint_of(location, config, options)
    named = config.endpoint or options.pop("endpoint", None)
    if named:  # obstore reads the environment itself
        options[_ENDPOINT[location.scheme]] = named
    options |= {"client_options": _client(endpoint or "", config), "retry_config": _retries(config)}
    from obstore.exceptions import BaseError  # noqa: PLC0415, of an extra

    try:
        return _STORES[location.scheme](location.bucket, config, options)
    except AePipelineError:
        raise
    except (BaseError, ValueError, TypeError) as error:
        got = line_of(loan.hidden(str(error)))
        cause = cause_of(error) if config.block is None else None
        raise ConfigError("cannot connect", where=location.root, got=got) from cause


def _client(endpoint: str, config: StoreConfig) -> dict[str, Any]:
    options: dict[str, Any] = {
        "read_timeout": timedelta(seconds=config.timeout_s),
        "timeout": timedelta(seconds=_BODIES * config.timeout_s),
    }
    if endpoint.lower().startswith("http://"):
        options["allow_http"] = True
    return options


def _retries(config: StoreConfig) -> dict[str, Any]:
    return {
        "max_retries": config.retries,
        "retry_timeout": timedelta(seconds=config.timeout_s * (1 + config.retries)),
    }


def _s3(bucket: str, config: StoreConfig, options: dict[str, Any]) -> Any:
    from obstore.store import S3Store  # noqa: PLC0415, of an extra

    if config.region:
        options["region"] = checked("region", config.region)
    provider = provider_of(config) if config.block is None else fixed_keys(options)
    return S3Store(bucket, **options, **provider)


def _gs(bucket: str, _: StoreConfig, options: dict[str, Any]) -> Any:
    from obstore.store import GCSStore  # noqa: PLC0415, of an extra

    return GCSStore(bucket, **options)


def _azure(container: str, _: StoreConfig, options: dict[str, Any]) -> Any:
    from obstore.store import AzureStore  # noqa: PLC0415, of an extra

    container, _at, host = container.partition("@")
    if host:
        options["account_name"] = host.partition(".")[0]
    return AzureStore(container, **options, **fixed_account_key(options))


_STORES = {"s3": _s3, "gs": _gs, "az": _azure, "abfss": _azure}
