"""What a run leaves on Prefect's pages: names, tables, assets and events."""
