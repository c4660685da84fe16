"""Networks trained for comparison: as the planner trains them, and by other objectives."""
