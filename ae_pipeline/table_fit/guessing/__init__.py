"""Predictions and guesses of a sub-column from those known: linear, exact, tabulated, by keys."""
