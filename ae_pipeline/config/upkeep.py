"""Duties of `compress` besides encoding: watch for drift, and delete verified sources."""

from typing import Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

DriftAction = Literal["warn", "direct", "refit"]


class DriftConfig(Settings):
    """Thresholds for drift from the data the codec was fitted to, and the response."""

    shift: float = Field(
        default=0.25,
        gt=0,
        description="Report a shift when the population stability index of a column, over its "
        "deciles of fit time, exceeds this.",
    )
    growth: float = Field(
        default=1.25,
        ge=1,
        description="Take `action` when bytes per row exceed this multiple of what the fit "
        "promised.",
    )
    action: DriftAction = Field(
        default="warn",
        description="Response to partitions that exceed `growth`. warn: report them. direct: "
        "encode their new fragments without prediction or network. refit: use a former codec of "
        "the archive that suits them, or else fit a new one that starts from the network in use "
        "and keeps every tolerance.",
    )


class RetentionConfig(Settings):
    """Whether to delete source fragments once the archive holds them."""

    delete_source: Literal["never", "after_verify"] = Field(
        default="never",
        description="after_verify: delete a source fragment once its archive file has been read "
        "back, decoded and compared with it, value by value.",
    )
    unversioned: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="What to do where the sources lie in an object store that keeps no former "
        "versions of them, or that cannot be asked, such as Google Cloud Storage and Azure. "
        "refuse: delete nothing, and say so before anything is written. accept: delete for good.",
    )
