"""Tests of the benchmark of latents."""
