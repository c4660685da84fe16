"""How an archive's codec is chosen."""

from typing import Annotated, Literal

from pydantic import Field

from ae_pipeline.config._model import Settings

Window = Annotated[int, Field(ge=1, le=256)]
Learn = Literal["auto", "never", "linear"]


class PlannerConfig(Settings):
    """What the planner may try, and for how long."""

    learn: Learn = Field(
        default="auto",
        description="auto: a network competes with the simpler ways and must pay for its own "
        "bytes. never: no network. linear: networks in closed form alone.",
    )
    budget_s: float = Field(
        default=60.0,
        ge=0,
        description="About how long networks are trained in all, in seconds of a present-day core; "
        "turned into a number of steps, so that the same settings give the same codec everywhere.",
    )
    windows: tuple[Window, ...] = Field(
        default=(1, 2, 4, 8, 16, 32),
        min_length=1,
        description="Windows to choose from where network.window is null.",
    )
    growth: float = Field(
        default=1.0,
        ge=1.0,
        description="Rows that the archive will hold in the end, per row of the source; the "
        "model's bytes are shared by all of them.",
    )
