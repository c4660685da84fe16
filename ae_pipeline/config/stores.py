"""How to reach object stores; credentials never lie in a job."""

import re

from pydantic import Field, field_validator, model_validator

from ae_pipeline.config._model import Settings
from ae_pipeline.config.refusal import refusal

_BLOCK = re.compile(r"[a-z0-9-]+/[a-z0-9-]+")


class StoreConfig(Settings):
    """One object store. Its credentials come from the environment, a profile or a block."""

    endpoint: str | None = Field(
        default=None,
        description="URL of the server, for stores other than the cloud's own; null: that of the "
        "environment, such as AWS_ENDPOINT_URL.",
    )
    region: str | None = Field(default=None, description="Region of an S3 bucket.")
    profile: str | None = Field(
        default=None,
        description="Profile of ~/.aws that has the credentials; null: those of the environment.",
    )
    block: str | None = Field(
        default=None,
        description="Prefect block that has the credentials, as TYPE/NAME, such as "
        "aws-credentials/prod, or secret/NAME with a client's options as JSON. Flows load it when "
        "they begin; nothing else can.",
    )
    timeout_s: float = Field(
        default=60, gt=0, description="Seconds until a request without an answer is sent again."
    )
    retries: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Retries of a request, with growing pauses, before its fragment fails.",
    )

    @field_validator("block")
    @classmethod
    def _is_a_block(cls, block: str | None) -> str | None:
        if block is not None and _BLOCK.fullmatch(block) is None:
            raise refusal("TYPE/NAME of a Prefect block, such as aws-credentials/prod", block)
        return block

    @model_validator(mode="after")
    def _has_one_origin(self) -> "StoreConfig":
        if self.block is not None and self.profile is not None:
            raise refusal("a block or a profile", "both", "name where the credentials are, once")
        return self
