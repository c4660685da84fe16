"""How to reach object stores; credentials never lie in a job."""

from pydantic import Field

from ae_pipeline.config._model import Settings


class StoreConfig(Settings):
    """One object store. Its credentials come from the environment or from a profile."""

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
    timeout_s: float = Field(
        default=60, gt=0, description="Seconds until a request without an answer is sent again."
    )
    retries: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Retries of a request, with growing pauses, before its fragment fails.",
    )
