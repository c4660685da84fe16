"""What `compress` does beside encoding: watch for drift, and delete sources that are safe."""

from typing import Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

DriftAction = Literal["warn", "direct", "refit"]


class DriftConfig(Settings):
    """When data is no longer what the codec was fitted to, and what is done then."""

    shift: float = Field(
        default=0.25,
        gt=0,
        description="Population stability index of a column against fit time, over its deciles, "
        "that is told as drift.",
    )
    growth: float = Field(
        default=1.25,
        ge=1,
        description="Bytes per row over what the fit promised from which `action` is taken.",
    )
    action: DriftAction = Field(
        default="warn",
        description="For partitions that have grown. warn: tell. direct: new fragments without "
        "prediction and network. refit: a former codec of the archive that suits them, else a new "
        "one fitted to them, its network started from the one in use, every tolerance as it was.",
    )


class RetentionConfig(Settings):
    """Whether source fragments are deleted once the archive holds them."""

    delete_source: Literal["never", "after_verify"] = Field(
        default="never",
        description="after_verify: delete a source fragment once its archive file was read back, "
        "decoded and compared with it, value by value.",
    )
