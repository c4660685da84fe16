"""Credentials are lent, not given: nothing shows them, and they are gone with the loan."""

from __future__ import annotations

import copy
import pickle

import pytest

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.locations import Location
from ae_pipeline.store import Credentials, lending, packed_credentials, take_credentials
from ae_pipeline.store.clients import connect
from ae_pipeline.store.clients.credentials import lent
from tests.support.checks import assert_one_line
from tests.support.object_servers.server import ObjectServer

BLOCK = "secret/prod"
SECRET = "hush-hush"  # noqa: S105
NOWHERE = "no.module"
KEYS = {"aws_access_key_id": "owner", "AWS_SECRET_ACCESS_KEY": SECRET, "token": SECRET}


def test_nothing_shows_them() -> None:
    """They are stars to whoever prints them, and neither pickled nor copied by a pickle's way."""
    credentials = Credentials(KEYS)
    assert SECRET not in f"{credentials!r} {credentials} {[credentials]}"
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            copied(credentials)


def test_names_are_those_of_the_client() -> None:
    """Options may have the names that the clouds' own tools give them."""
    assert Credentials(KEYS).reveal() == {
        "access_key_id": "owner",
        "secret_access_key": SECRET,
        "session_token": SECRET,
    }
    assert Credentials({"AZURE_STORAGE_ACCESS_KEY": "k"}).reveal() == {"account_key": "k"}


def test_loans_nest_and_end() -> None:
    """The innermost loan counts; after the last one nothing is left, to be packed either."""
    outer, inner = Credentials({"a": "outer"}), Credentials({"a": "inner"})
    with lending({BLOCK: outer}, NOWHERE):
        with lending({BLOCK: inner}, NOWHERE):
            assert lent(BLOCK) is inner
        assert lent(BLOCK) is outer
        assert b"outer" in packed_credentials()
    assert packed_credentials() == b"{}"
    with pytest.raises(ConfigError):
        lent(BLOCK)


def test_worker_processes_unpack_them() -> None:
    """A worker process uses what was packed for it, and forgets it with the next orders."""
    with lending({BLOCK: Credentials(KEYS)}, NOWHERE):
        packed = packed_credentials()
    take_credentials(packed)
    assert lent(BLOCK).reveal()["secret_access_key"] == SECRET
    take_credentials(b"{}")
    with pytest.raises(ConfigError):
        lent(BLOCK)


def test_a_block_is_refused_outside_of_flows() -> None:
    """Where nobody lends a block's credentials, one line says which command does."""
    with pytest.raises(ConfigError, match="ae-pipeline run") as refused:
        connect(Location("s3", "bucket", ""), StoreConfig(block=BLOCK))
    assert_one_line(refused.value)
    assert BLOCK in str(refused.value)


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        ("s3", {"region": SECRET}),
        ("s3", {**KEYS, "acces_key": SECRET}),
        ("az", {"account_name": "a", "account": SECRET}),
        ("gs", {"service_account_key": SECRET}),
    ],
)
def test_bad_options_are_told_without_values(scheme: str, options: dict[str, str]) -> None:
    """Options that make no client are refused in a line that has none of their values."""
    with (
        lending({BLOCK: Credentials(options)}, NOWHERE),
        pytest.raises(ConfigError) as refused,
    ):
        connect(Location(scheme, "bucket", ""), StoreConfig(block=BLOCK))
    assert SECRET not in str(refused.value)
    assert_one_line(refused.value)


def test_keys_of_the_environment_are_not_taken_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account's key in the environment, which would win over a block's secret, is refused."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", SECRET)
    options = {"account_name": "a", "tenant_id": "t", "client_id": "c", "client_secret": SECRET}
    with (
        lending({BLOCK: Credentials(options)}, NOWHERE),
        pytest.raises(ConfigError, match="AZURE_STORAGE_ACCOUNT_KEY") as refused,
    ):
        connect(Location("az", "container", ""), StoreConfig(block=BLOCK))
    assert SECRET not in str(refused.value)


@pytest.mark.heavy
def test_a_loan_wins_over_the_environment(
    object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With credentials of somebody else in the environment, a client uses those that are lent."""
    lent_ones = {
        name: value
        for name, value in object_server.environment.items()
        if not name.endswith("_ALLOW_HTTP")  # an option of the client, not of the store
    }
    for name in ("AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY", "AZURE_STORAGE_SAS_TOKEN"):
        monkeypatch.setenv(name, "of-somebody-else")
    with lending({BLOCK: Credentials(lent_ones)}, NOWHERE):
        location = Location(object_server.scheme, object_server.container, "")
        client = connect(location, StoreConfig(block=BLOCK))
    client.put("a", b"content")  # the loan is over, and the client stays
    assert bytes(client.get("a").bytes()) == b"content"
