"""Settings of stores name where credentials are, and hold none."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ae_pipeline.config.stores import StoreConfig


@pytest.mark.parametrize("block", ["prod", "aws-credentials/", "Secret/a", "a/b/c", "a/b c"])
def test_blocks_have_type_and_name(block: str) -> None:
    """A block is named by its type and its name, as Prefect writes them."""
    with pytest.raises(ValidationError, match="TYPE/NAME of a Prefect block"):
        StoreConfig(block=block)
    assert StoreConfig(block="aws-credentials/prod-1").block == "aws-credentials/prod-1"


def test_credentials_have_one_origin() -> None:
    """A profile and a block at once are refused."""
    with pytest.raises(ValidationError, match="a block or a profile"):
        StoreConfig(block="secret/a", profile="b")
