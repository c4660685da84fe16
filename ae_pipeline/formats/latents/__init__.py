"""Latents beside kept columns: records of a features dataset, and the errors of their rows."""
