"""Structs and lists as integers: those of their children, and lengths."""
