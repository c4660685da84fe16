"""A flow without a server ends in one line, within seconds, and without anybody's password."""

from __future__ import annotations

import http.server
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    temporary_settings,
)

from flows.runtime import reachable
from flows.runtime.credentials import masked, quiet_lines, without_credentials
from flows.runtime.reachable import NoServerError, check_server
from tests.support.checks import assert_one_line, assert_pickles

pytestmark = pytest.mark.flow

CLOSED = "http://user:hunter2@127.0.0.1:9/api?token=sesame"


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers each request with the status that its path ends in; `/0` never answers."""

    waiting = threading.Event()

    def do_GET(self) -> None:
        """One status, no content."""
        status = int(self.path.split("/")[1])
        if not status:
            self.waiting.wait()
            return
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests are silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Address of a server that is not Prefect's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://me:hunter2@127.0.0.1:{server.server_port}"
    Answer.waiting.set()
    server.shutdown()
    server.server_close()


def refused(**settings: object) -> NoServerError:
    """The error of a check under other settings."""
    names = {
        "url": PREFECT_API_URL,
        "home": PREFECT_HOME,
        "is_ephemeral": PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
    }
    changed = {names[name]: value for name, value in settings.items()}
    with temporary_settings(changed), pytest.raises(NoServerError) as caught:
        check_server()
    assert_one_line(caught.value)
    assert_pickles(caught.value)
    assert "hunter2" not in repr(vars(caught.value))
    return caught.value


def test_the_tests_have_a_server() -> None:
    """A server that answers is fine."""
    check_server()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("500/api", "got HTTP 500 from its health check: look at the server's log"),
        ("404", "got HTTP 404 from its health check: the address of a server ends in /api"),
        ("401/api", "got HTTP 401 from its health check: check PREFECT_API_KEY"),
    ],
)
def test_servers_that_refuse(address: str, path: str, told: str) -> None:
    """A server that answers with an error is told with its status and with what to look at."""
    assert told in str(refused(url=f"{address}/{path}"))


def test_a_server_that_never_answers(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a server that keeps silent."""
    monkeypatch.setattr(reachable, "_TIMEOUT_S", 0.1)
    assert "no answer within 0.1 s: start the server" in str(refused(url=f"{address}/0"))


@pytest.mark.parametrize("url", [CLOSED, "foo", "localhost:4200/api"])
def test_addresses_of_nobody(url: str) -> None:
    """A closed port and what is no address are told with what to do."""
    assert "start the server (prefect server start)" in str(refused(url=url))


def test_a_home_that_cannot_be_written_to(tmp_path: Path) -> None:
    """Without a server of its own a flow needs a home to write to; another server needs none."""
    file = tmp_path / "file"
    file.touch()
    told = str(refused(url=None, is_ephemeral=True, home=file / "home"))
    assert f"PREFECT_HOME={file / 'home'}: got Not a directory: set PREFECT_HOME to a f" in told
    changed = {PREFECT_API_URL: None, PREFECT_HOME: tmp_path / "new"}
    with temporary_settings({**changed, PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: True}):
        check_server()
    assert list((tmp_path / "new").iterdir()) == []


def test_no_server_at_all() -> None:
    """Where no temporary server may run, an address is asked for."""
    assert "PREFECT_API_URL: expected its address" in str(refused(url="", is_ephemeral=False))


def test_the_command_ends_in_one_line(tmp_path: Path) -> None:
    """A whole process says one line on stderr and nothing else, and never the password."""
    config = tmp_path / "job.yaml"
    config.write_text(yaml.safe_dump({"source": str(tmp_path), "archive": str(tmp_path / "a")}))
    environment = {**os.environ, "PREFECT_API_URL": CLOSED, "PREFECT_HOME": str(tmp_path / "home")}
    ended = subprocess.run(
        [sys.executable, "-m", "flows.encode", "--config", str(config)],
        env=environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(
        "error: Prefect's server cannot be used: PREFECT_API_URL=http://***@127.0.0.1:9/api?***"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("View at http://u:p@h:1/runs", "View at http://***@h:1/runs"),
        ("https://u:p@ss@h/api", "https://***@h/api"),
        ("https://token@h/", "https://***@h/"),
        ("get 'http://h/api?a=1&api_key=s3' now", "get 'http://h/api?a=1&api_key=***' now"),
        ("http://h/?access_token=s#x", "http://h/?access_token=***#x"),
        ("mail a@b.c about http://h/x", "mail a@b.c about http://h/x"),
    ],
)
def test_credentials_are_masked(text: str, shown: str) -> None:
    """Users, passwords and tokens of addresses are stars, the rest of a text stays."""
    assert masked(text) == shown


def test_addresses_without_credentials() -> None:
    """Nothing of a query is shown, whatever its values are called."""
    assert without_credentials("http://u:p@h/api?x=1") == "http://***@h/api?***"
    assert without_credentials("http://h/api") == "http://h/api"


def test_logs_of_prefect_are_masked(caplog: pytest.LogCaptureFixture) -> None:
    """What Prefect and its client log is without credentials and control characters."""
    for logger in ("prefect.flow_runs", "httpx"):
        with caplog.at_level(logging.INFO, logger):
            logging.getLogger(logger).info("at %s\nof x\x1b", "http://u:p@h/")
    assert quiet_lines("a\nb\x1b") == "a\nb\\x1b"
    assert {record.getMessage() for record in caplog.records} <= {"at http://***@h/\nof x\\x1b"}
