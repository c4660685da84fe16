"""The servers of stores: those that settings or blocks name, or variables of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.locations import Location
from ae_pipeline.store.clients.values import checked_url

#: Variables that name an endpoint, by scheme.
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "abfss": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


def endpoint_of(location: Location, config: StoreConfig, options: Mapping[str, str]) -> str | None:
    """Return the URL of a location's server; None for the cloud's own.

    Args:
        location: in the store.
        config: settings of the store.
        options: that a block has.

    Raises:
        ConfigError: it is no URL.
    """
    named = (os.environ.get(name) for name in _ENDPOINTS[location.scheme])
    found = config.endpoint or options.get("endpoint") or next(filter(None, named), None)
    return checked_url(f"endpoint of {location.root}", found) if found else None
