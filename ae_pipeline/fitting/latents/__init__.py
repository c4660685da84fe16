"""Round the latents of a features codec: steps by what they cost in reconstruction."""

from ae_pipeline.fitting.latents.rounding import with_rounded_latents

__all__ = ["with_rounded_latents"]
