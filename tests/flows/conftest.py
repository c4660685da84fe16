"""One Prefect server for all flow tests, and a dataset with a codec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

import flows  # noqa: F401  sets what Prefect reads when it is imported
from tests.support.datasets import mixed_tree


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    """A temporary server and database; heartbeats off, because they cost a second per run.

    Verbs are called outside of runs, too: `flows` says so, but Prefect has its settings by then.
    """
    with (
        prefect_test_harness(server_startup_timeout=180),
        temporary_settings(
            {
                PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
                PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore",
            }
        ),
    ):
        yield


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three partitions of mixed columns; nobody may change it."""
    return mixed_tree(tmp_path_factory.mktemp("flows") / "mixed")
