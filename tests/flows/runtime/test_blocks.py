"""Flows load credentials from Prefect blocks, use them for their run, and show them nowhere."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from pydantic import SecretStr

from ae_pipeline.config.job import CompressJob, MainJob
from ae_pipeline.errors import ConfigError
from ae_pipeline.verbs import compress as compress_here
from flows.compress import compress
from flows.main_job import main_job
from flows.runtime.blocks import load
from tests.support.checks import assert_one_line
from tests.support.flows.artifacts import all_artifacts
from tests.support.jobs.dask_cluster import listening, running, without
from tests.support.object_servers.server import ObjectServer
from tests.support.object_servers.trees import put_tree, read_tree

pytestmark = [pytest.mark.flow, pytest.mark.heavy]

#: A server that checks signatures, so that no other credentials do.
CHECKED = pytest.mark.parametrize("object_server", ["seaweedfs"], indirect=True)
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
SETTINGS: dict[str, Any] = {
    "planner": {"learn": "never"},
    "columns": {"accept_changes": True},
    "tolerance": {"relative": 0.01},
}


class AwsCredentials(Block):
    """A block with fields of prefect-aws, which is not installed."""

    _block_type_slug = "aws-credentials"
    aws_access_key_id: str | None = None
    aws_secret_access_key: SecretStr | None = None
    region_name: str | None = None
    assume_role_arn: str | None = None
    aws_client_parameters: dict[str, Any] | None = None


class GcpCredentials(Block):
    """A block with fields of prefect-gcp."""

    _block_type_slug = "gcp-credentials"
    service_account_info: dict[str, Any] | None = None
    service_account_file: str | None = None


class AzureBlobStorageCredentials(Block):
    """A block with fields of prefect-azure."""

    _block_type_slug = "azure-blob-storage-credentials"
    account_url: str | None = None
    connection_string: SecretStr | None = None
    client_secret: SecretStr | None = None


@pytest.fixture
def block(
    object_server: ObjectServer, source: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A block with credentials of the server, which has a source; others are in the environment."""
    put_tree(object_server, source, "src")
    for name in KEYS:
        monkeypatch.setenv(name, "of-somebody-else")
    AwsCredentials(
        aws_access_key_id=object_server.credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=object_server.credentials["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        aws_client_parameters={"endpoint_url": object_server.endpoint},
    ).save("prod", overwrite=True)
    yield "aws-credentials/prod"
    Block.delete("aws-credentials/prod")


def job_of(server: ObjectServer, block: str, scratch: Path, **execution: object) -> CompressJob:
    """A job from and to the server, its credentials in a block."""
    return CompressJob(
        source=f"{server.uri}/src",
        archive=f"{server.uri}/a",
        stores={server.uri: {"block": block}},
        execution={"scratch": str(scratch), "retries": 0, **execution},
        **SETTINGS,
    )


def told_to_prefect() -> str:
    """All that Prefect's server has of runs: parameters, states, logs and artifacts."""
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs()
        artifacts = all_artifacts(client)
        logs = client.read_logs()
    return "".join(one.model_dump_json() for one in (*runs, *artifacts, *logs))


@CHECKED
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_flows_use_a_block(
    object_server: ObjectServer,
    tmp_path: Path,
    block: str,
    engine: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A block's keys win over the environment's in every worker, and are written down nowhere."""
    caplog.set_level(logging.DEBUG)
    secret = object_server.credentials["AWS_SECRET_ACCESS_KEY"]
    job = job_of(object_server, block, tmp_path / "scratch", engine=engine)
    state = compress(job, return_state=True)
    assert state.is_completed(), state.message
    assert len(state.result().done) == 3
    assert secret not in told_to_prefect()
    assert secret not in caplog.text
    for name in KEYS:  # which the test's own client takes
        monkeypatch.delenv(name)
    assert secret.encode() not in b"".join(read_tree(object_server, "a").values())
    assert secret not in repr(job)


@CHECKED
def test_subflows_use_it_too(object_server: ObjectServer, tmp_path: Path, block: str) -> None:
    """The main job and its flows load the block each, and none takes it from another."""
    job = MainJob(
        source=f"{object_server.uri}/src",
        **{name: f"{object_server.uri}/{name}" for name in ("codec", "features", "decoded")},
        stores={object_server.uri: {"block": block}},
        training={"epochs": 1},
        network={"latent_dim": 2},
        execution={"scratch": str(tmp_path), "retries": 0},
    )
    state = main_job(job, return_state=True)
    assert state.is_completed(), state.message


@CHECKED
@pytest.mark.parametrize("knows_server", [True, False])
def test_dask_workers_load_it_themselves(
    object_server: ObjectServer,
    tmp_path: Path,
    block: str,
    monkeypatch: pytest.MonkeyPatch,
    knows_server: bool,
) -> None:
    """A Dask worker asks Prefect's server for the block; one that knows no server is told so."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if knows_server:
        monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value()))
    with (
        listening(tmp_path) as (_, address),
        running("worker", address, "--nthreads", "1", before=without(scratch)),
    ):
        job = job_of(object_server, block, scratch, engine="dask", dask_address=address)
        state = compress(job, return_state=True)
    assert state.is_completed() == knows_server, state.message
    assert knows_server or "a worker knows no Prefect server" in str(state.message)


@CHECKED
def test_verbs_outside_of_flows_refuse_it(
    object_server: ObjectServer, tmp_path: Path, block: str
) -> None:
    """A verb that no flow runs says in one line that only flows load blocks."""
    with pytest.raises(ConfigError, match="only flows load blocks") as refused:
        compress_here(job_of(object_server, block, tmp_path))
    assert_one_line(refused.value)


@pytest.mark.parametrize("value", [{"aws_access_key_id": "a", "region": "r"}, '{"region": "r"}'])
def test_secrets_hold_options(value: Any) -> None:
    """A secret that is a JSON object, or the text of one, is a client's options."""
    Secret(value=value).save("options", overwrite=True)
    assert load("secret/options").reveal()["region"] == "r"


def test_blocks_of_clouds_are_understood() -> None:
    """Fields of the clouds' own blocks are options of the client."""
    GcpCredentials(service_account_info={"private_key": "p"}).save("g", overwrite=True)
    assert load("gcp-credentials/g").reveal() == {"service_account_key": '{"private_key": "p"}'}
    text = "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=a2V5==;EndpointSuffix=x"
    AzureBlobStorageCredentials(connection_string=text).save("a", overwrite=True)
    kind = "azure-blob-storage-credentials"
    assert load(f"{kind}/a").reveal() == {"account_name": "n", "account_key": "a2V5=="}
    url = "https://name.blob.core.windows.net"
    AzureBlobStorageCredentials(account_url=url, client_secret="s").save("b", overwrite=True)  # noqa: S106
    assert load(f"{kind}/b").reveal() == {"account_name": "name", "client_secret": "s"}


def test_useless_blocks_are_refused() -> None:
    """A block that is absent, or has nothing we know, is refused in a line without its values."""
    Secret(value="hush-hush").save("useless", overwrite=True)
    AwsCredentials(assume_role_arn="arn").save("role", overwrite=True)
    for name in ("secret/absent", "secret/useless", "nothing/absent", "aws-credentials/role"):
        with pytest.raises(ConfigError) as refused:
            load(name)
        assert_one_line(refused.value)
        assert "hush" not in str(refused.value)


class OddCredentials(Block):
    """A block of a cloud whose fields may have any shape."""

    _block_type_slug = "odd-credentials"
    aws_access_key_id: Any = None
    aws_client_parameters: Any = None
    connection_string: Any = None
    account_url: Any = None


@pytest.mark.parametrize(
    "fields",
    [
        {"aws_access_key_id": "a", "aws_client_parameters": "hush"},
        {"connection_string": {"hush": 1}},
        {"account_url": "https://[hush"},
        {"account_url": {"hush": 1}},
        {"aws_access_key_id": "hush\nhush"},
    ],
)
def test_odd_blocks_are_refused(fields: dict[str, Any]) -> None:
    """A field of another shape ends in a line without its value, and so does its traceback."""
    OddCredentials(**fields).save("odd", overwrite=True)
    with pytest.raises(ConfigError) as refused:
        load("odd-credentials/odd")
    assert_one_line(refused.value, "odd-credentials/odd")
    assert "hush" not in "".join(traceback.format_exception_only(refused.value))
    assert refused.value.__suppress_context__


def test_a_run_with_a_wrong_block_fails_in_one_line(tmp_path: Path) -> None:
    """A flow whose block is absent ends Failed before anything is read or written."""
    job = CompressJob(
        source="s3://bucket/a",
        archive="s3://bucket/b",
        stores={"s3://bucket": {"block": "secret/absent"}},
    )
    state = compress(job, return_state=True)
    assert state.is_failed()
    assert str(state.message).startswith("no such Prefect block")
