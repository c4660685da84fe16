"""The traces of a run on Prefect's pages: names, tables, assets and events."""
