"""Verbs that are run: in this process, and in one of their own."""
