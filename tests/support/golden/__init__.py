"""Golden datasets: how each was made, and how it is read."""
