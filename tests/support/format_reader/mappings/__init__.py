"""Columns from sub-columns and sides: section 7 of the format, kind by kind."""
