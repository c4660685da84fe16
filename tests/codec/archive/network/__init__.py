"""Tests of the network of archives."""
