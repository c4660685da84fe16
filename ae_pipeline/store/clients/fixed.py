"""Keys of a loan as providers of obstore: they win over all that the environment has.

As plain options they would be mixed with it, such as with the session token of other keys.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any  # obstore's providers return dictionaries of its own

from ae_pipeline.errors import ConfigError

_ACCOUNT_KEYS = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY")


def fixed_keys(options: dict[str, Any]) -> dict[str, Any]:
    """Take the keys of S3 out of some options, and return obstore's option for them.

    Raises:
        ConfigError: they are not among the options.
    """
    return _provider(keys_of(options))


def keys_of(options: dict[str, Any]) -> dict[str, Any]:
    """Take the keys of S3 out of some options; errors as `fixed_keys`."""
    names = ("access_key_id", "secret_access_key", "session_token")
    key, secret, token = (options.pop(name, None) for name in names)
    if not (key and secret):
        raise ConfigError(
            "a block has no keys for s3://",
            where="stores",
            expected="access_key_id and secret_access_key",
            remedy="add them to the block, or name the profile that has them as `profile`",
        )
    return {"access_key_id": key, "secret_access_key": secret, "token": token}


def fixed_account_key(options: dict[str, Any]) -> dict[str, Any]:
    """Take the key or signature of an Azure account out; none if the options have neither."""
    key, signature = (options.pop(name, None) for name in ("account_key", "sas_key"))
    if key:
        return _provider({"access_key": key})
    if signature:
        return _provider({"sas_token": signature.removeprefix("?")})
    if "client_secret" in options and any(os.environ.get(name) for name in _ACCOUNT_KEYS):
        raise ConfigError(
            "an account's key in the environment would be used instead of the block's secret",
            where=_ACCOUNT_KEYS[0],
            remedy="unset it",
        )
    return {}


def _provider(credential: dict[str, Any]) -> dict[str, Callable[[], dict[str, Any]]]:
    return {"credential_provider": lambda: {**credential, "expires_at": None}}
