"""Data, strategies, hand-set codecs, goldens and faults that tests share; no module is a test."""
