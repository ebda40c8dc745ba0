"""Readers of each export format, written from the published schemas and not from the program's own code."""
