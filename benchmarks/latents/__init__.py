"""Latents of whole rows beside other methods': what they keep, and what a model learns of them."""
