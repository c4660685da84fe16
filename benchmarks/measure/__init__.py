"""How costs are measured, on which machine and tables, and how outcomes are compared."""
