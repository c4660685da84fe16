"""Contexts of a sub-column: bins of its targets, signals that tell of them, decision trees."""
