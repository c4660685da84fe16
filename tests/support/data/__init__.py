"""Tables and datasets, small and real."""
