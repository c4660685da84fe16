"""Documents, and what writes their derived parts."""
