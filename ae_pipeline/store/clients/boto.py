"""boto3 does what obstore does not: it reads profiles of ~/.aws, and lists multipart uploads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # boto3 has no types

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.errors import StoreError
from ae_pipeline.extras import require
from ae_pipeline.locations import Location
from ae_pipeline.store.clients.credentials import Credentials, lent
from ae_pipeline.store.clients.endpoints import endpoint_of
from ae_pipeline.store.clients.fixed import keys_of
from ae_pipeline.store.faults import line_of

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
        ConfigError: nobody lends the credentials of a block, or it has none, or the endpoint is
            not a URL.
        StoreError: botocore refuses the endpoint: it knows fewer names of hosts than obstore.
    """
    from botocore.config import Config  # noqa: PLC0415, of an extra

    loan = Credentials({}) if config.block is None else lent(config.block)
    options = loan.reveal()
    endpoint = endpoint_of(location, config, options)
    session = _session(config, options)
    settings = Config(
        read_timeout=config.timeout_s,
        retries={"total_max_attempts": 1 + config.retries, "mode": "standard"},
        s3={"addressing_style": "path"},  # as obstore does
    )
    region = config.region or options.get("region") or _region_of(session)
    try:
        return session.client("s3", endpoint_url=endpoint, region_name=region, config=settings)
    except ValueError as error:
        got = line_of(loan.hidden(str(error)))
        raise StoreError("boto3 makes no client", where=location.root, got=got) from None


def _session(config: StoreConfig, options: Mapping[str, str]) -> Any:
    """Return a session of the keys that a block lends, or else of a profile or the environment."""
    import boto3  # noqa: PLC0415, of an extra
    import botocore.session  # noqa: PLC0415, of an extra

    if config.block is None:
        return boto3.Session(profile_name=_profile_of(config))
    keys = keys_of(dict(options))
    # No profile: that of the environment may be absent, and has other credentials.
    alone = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    return boto3.Session(
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        aws_session_token=keys["token"],
        botocore_session=alone,
    )


def _region_of(session: Any) -> str:
    named = (os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    return next(filter(None, named), session.region_name or _REGION)
