"""Measure what engines cost: processes, and a Dask cluster."""
