"""Measurements: training, throughput, bytes beside those of peers. `make bench` runs them.

CPU-seconds, because the machine may be shared, and medians of several runs. Compare numbers of one
run with each other, not with those of another day.
"""
