"""boto3 signs with the keys that obstore signs with, and asks the same server."""

from __future__ import annotations

from contextlib import closing

import pytest

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.errors import ConfigError, StoreError
from ae_pipeline.locations import Location
from ae_pipeline.store import Credentials, lending
from ae_pipeline.store.clients import s3_client
from tests.support.checks import assert_one_line

BUCKET = Location("s3", "bucket", "")
KEYS = {"access_key_id": "owner", "secret_access_key": "hush"}


def test_a_loan_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block's keys, region and server count, whatever keys and profile the environment has."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.setenv(name, "of-somebody-else")
    monkeypatch.setenv("AWS_PROFILE", "absent")
    options = {**KEYS, "region": "there", "endpoint": "http://127.0.0.1:9"}
    with (
        lending({"secret/a": Credentials(options)}, "no.module"),
        closing(s3_client(BUCKET, StoreConfig(block="secret/a"))) as client,
    ):
        keys = client._request_signer._credentials  # nothing public has them
        assert (keys.access_key, keys.secret_key, keys.token) == ("owner", "hush", None)
        assert (client.meta.region_name, client.meta.endpoint_url) == ("there", options["endpoint"])


def test_endpoints_are_refused_in_one_line() -> None:
    """An endpoint that is no URL, or a host that botocore refuses, is told without its password."""
    with pytest.raises(ConfigError, match="endpoint of s3://bucket") as no_url:
        s3_client(BUCKET, StoreConfig(endpoint="localhost:9000"))
    with pytest.raises(StoreError, match="Invalid endpoint") as no_host:
        s3_client(BUCKET, StoreConfig(endpoint="http://user:hush@an_underscore:9000"))
    assert_one_line(no_url.value)
    assert_one_line(no_host.value)
    assert "hush" not in str(no_host.value)


def test_a_block_is_refused_outside_of_flows() -> None:
    """The environment's keys are not taken where nobody lends those of a block."""
    with pytest.raises(ConfigError, match="ae-pipeline run"):
        s3_client(BUCKET, StoreConfig(block="secret/a"))
