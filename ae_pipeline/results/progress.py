"""Progress events of a verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class ProgressEvent:
    """`done` of `total` units of a stage are complete; `detail` names the latest."""

    stage: str
    done: int
    total: int
    detail: str = ""


Progress: TypeAlias = Callable[[ProgressEvent], None]


def silent(event: ProgressEvent) -> None:
    """A `Progress` that ignores every event."""
