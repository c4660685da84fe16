"""How hard encode tries to make an archive small."""

from typing import Literal, TypeAlias

Effort: TypeAlias = Literal["fast", "balanced", "small"]
