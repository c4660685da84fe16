"""Servers of Prefect, deployments, and a browser that looks at them."""
