"""Fetch the content of objects: whole into a scratch folder, or the parts that are read."""
