"""Faults in nights that delete sources."""
