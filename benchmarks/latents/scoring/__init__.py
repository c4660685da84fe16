"""Scores of all methods by the same code, in the environment of `--peer-python`."""
