"""Simulate nights on clusters larger than ours, from costs measured on this one."""
