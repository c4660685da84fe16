"""Whole tables as other lossless formats store them, each really written, read and compared.

A peer gets the same Arrow tables as everybody else, one for each source file, and chooses for
itself whether it keeps them apart or stores all rows as one. What a peer cannot hold, it stores as
Parquet, and the tables of results say so. Partition keys lie in paths and cost nobody anything.
"""
