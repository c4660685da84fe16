"""boto3 does what obstore does not: it reads profiles of ~/.aws, and lists multipart uploads."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # boto3 has no types

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.extras import require
from ae_pipeline.locations import Location
from ae_pipeline.store.clients.endpoints import endpoint_of

#: That of obstore where nothing names one.
_REGION = "us-east-1"


def _profile_of(config: StoreConfig) -> str | None:
    """Return the profile that settings or the environment name."""
    return config.profile or os.environ.get("AWS_PROFILE")


def provider_of(config: StoreConfig) -> dict[str, Any]:
    """Return obstore's option for a provider of what ~/.aws holds; none if that is not asked for.

    Raises:
        MissingExtraError: a profile is named, and boto3 is not installed.
    """
    profile = _profile_of(config)
    has_files = (Path.home() / ".aws").is_dir() and "AWS_ACCESS_KEY_ID" not in os.environ
    if not profile and not (has_files and find_spec("boto3")):
        return {}
    require("an AWS profile", "boto3", or_else="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    import boto3  # noqa: PLC0415, of an extra
    from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415, of an extra

    session = boto3.Session(profile_name=profile)
    if session.get_credentials() is None:
        return {}
    return {"credential_provider": Boto3CredentialProvider(session)}


def s3_client(location: Location, config: StoreConfig) -> Any:
    """Return a client that asks the server that `connect` asks, with the same credentials.

    Raises:
        BotoCoreError: the settings make no client.
    """
    import boto3  # noqa: PLC0415, of an extra
    from botocore.config import Config  # noqa: PLC0415, of an extra

    named = (os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    session = boto3.Session(profile_name=_profile_of(config))
    return session.client(
        "s3",
        endpoint_url=endpoint_of(location, config),
        region_name=config.region or next(filter(None, named), session.region_name or _REGION),
        config=Config(
            read_timeout=config.timeout_s,
            retries={"total_max_attempts": 1 + config.retries, "mode": "standard"},
            s3={"addressing_style": "path"},  # as obstore does
        ),
    )
