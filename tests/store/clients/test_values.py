"""Values of options are checked before obstore panics at them, and are not quoted."""

from __future__ import annotations

import traceback

import pytest

from ae_pipeline.config.stores import StoreConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.locations import Location
from ae_pipeline.store import Credentials, lending
from ae_pipeline.store.clients import connect
from ae_pipeline.store.clients.values import checked_url, masked
from tests.support.checks import assert_one_line

BUCKET = Location("s3", "bucket", "")
KEYS = {"access_key_id": "owner", "secret_access_key": "hush"}


@pytest.mark.parametrize("name", ["access_key_id", "session_token", "region", "account_name"])
def test_values_end_with_their_line(name: str) -> None:
    """The line end of a file is no part of a value; one within it is refused by the option's name.

    obstore panics at either.
    """
    assert Credentials({name: " hush\n"}).reveal() == {name: "hush"}
    for odd in ("hush\nhush", "hush\x7f", "\x00hush"):
        with pytest.raises(ConfigError) as refused:
            Credentials({name: odd})
        assert_one_line(refused.value, name)
        assert "hush" not in str(refused.value)


def test_documents_have_lines() -> None:
    """The key of a service account may be JSON of several lines; a path may not be JSON."""
    key = '{\n"private_key": "hush"}'
    assert Credentials({"service_account_key": key}).reveal() == {"service_account_key": key}
    for name in ("service_account", "GOOGLE_APPLICATION_CREDENTIALS"):
        with pytest.raises(ConfigError, match="service_account_key") as refused:
            Credentials({name: '{"private_key": "hush"}'})
        assert "hush" not in str(refused.value)


def test_regions_of_jobs_are_checked() -> None:
    """A region with a line end within is refused in a job as in a block."""
    with (
        lending({"secret/a": Credentials(KEYS)}, "no.module"),
        pytest.raises(ConfigError, match="region"),
    ):
        connect(BUCKET, StoreConfig(block="secret/a", region="eu\nwest"))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hush@[::",
        "http://user:hu/sh@host",
        "http://user:hush@",
        "http://hush host",
        "http://hush.\xfc",
        "http://hush:99999",
        "http://[::1%25hush]",
        "http://[::1]hush",
        "http://hush.1",
        "https:/hush",
        "hush:9000",
        "ftp://hush",
    ],
)
def test_endpoints_are_urls(url: str) -> None:
    """An endpoint at which obstore panics is refused, in blocks and jobs, without its password."""
    for options, endpoint in (({**KEYS, "endpoint": url}, None), (KEYS, url)):
        with (
            lending({"secret/a": Credentials(options)}, "no.module"),
            pytest.raises(ConfigError, match="endpoint of s3://bucket") as refused,
        ):
            connect(BUCKET, StoreConfig(block="secret/a", endpoint=endpoint))
        assert_one_line(refused.value)
        assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000", "HTTPS://[::1]:1/account", "http://u:p@a_b.example/x?y=z"]
)
def test_endpoints_are_kept(url: str) -> None:
    """A URL is taken as it stands."""
    assert checked_url("endpoint", url) is url


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        ("s3", {**KEYS, "virtual_hosted_style_request": "hush"}),
        ("s3", {**KEYS, "virtual_hosted_style_request": "hush " * 80}),
        ("gs", {"service_account": "hush"}),
        ("gs", {"service_account_key": '"hush"'}),
    ],
)
def test_what_obstore_quotes_is_hidden(scheme: str, options: dict[str, str]) -> None:
    """A value that obstore quotes in its complaint is neither in the line nor in its traceback."""
    with (
        lending({"secret/a": Credentials(options)}, "no.module"),
        pytest.raises(ConfigError, match="cannot connect") as refused,
    ):
        connect(Location(scheme, "bucket", ""), StoreConfig(block="secret/a"))
    told = "".join(traceback.format_exception(refused.value, chain=True))
    assert "***" in told
    assert "hush" not in told
    assert_one_line(refused.value)


def test_values_are_masked_as_a_whole() -> None:
    """The longest value counts where one contains another; words that a short one is in stay."""
    values = ["a", "hush", "hush-hush", '{"k": 1}', ""]
    text = r"""a cat: 'hush-hush', {\"k\": 1}"""
    assert masked(text, values) == "*** cat: '***', ***"
    assert masked("text", []) == "text"
