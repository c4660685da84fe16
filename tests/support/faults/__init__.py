"""Faults: damaged bytes, killed processes, full disks, power cuts."""
