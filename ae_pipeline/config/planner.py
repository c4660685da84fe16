"""Choice of an archive's codec."""

from typing import Annotated, Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

Window = Annotated[int, Field(ge=1, le=256)]
Learn = Literal["auto", "never", "linear"]


class PlannerConfig(Settings):
    """Candidates that the planner may try, and for how long."""

    learn: Learn = Field(
        default="auto",
        description="auto: networks compete with simpler methods and must pay for their own bytes. "
        "never: no network. linear: only networks that have a closed form.",
    )
    budget_s: float = Field(
        default=60.0,
        ge=0,
        description="Approximate time to learn the table model, and again to train networks, in "
        "seconds of a present-day core; converted to amounts of work, so that equal settings give "
        "equal codecs everywhere.",
    )
    windows: tuple[Window, ...] = Field(
        default=(1, 2, 4, 8, 16, 32),
        min_length=1,
        description="Windows to choose from if network.window is null.",
    )
    growth: float = Field(
        default=1.0,
        ge=1.0,
        description="Rows that the archive will eventually hold, per row of the source; they share "
        "the bytes of the model.",
    )
