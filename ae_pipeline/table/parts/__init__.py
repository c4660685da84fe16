"""Parts of a table model as numbers, and numbers as streams."""
