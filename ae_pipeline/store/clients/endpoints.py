"""The servers of stores: those that settings name, or variables of the environment."""

from __future__ import annotations

import os

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.locations import Location

#: Variables that name an endpoint, by scheme.
_ENDPOINTS = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"),
    "gs": ("GOOGLE_BASE_URL",),
    "az": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
    "abfss": ("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"),
}


def endpoint_of(location: Location, config: StoreConfig) -> str | None:
    """Return the URL of a location's server; None for the cloud's own."""
    named = (os.environ.get(name) for name in _ENDPOINTS[location.scheme])
    return config.endpoint or next((one for one in named if one), None)
